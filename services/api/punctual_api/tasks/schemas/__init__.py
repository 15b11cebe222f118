"""The fields of a task as they are sent and answered, and the checks on them."""
