"""The pages of tasks: the dashboard, a task, its forms."""
