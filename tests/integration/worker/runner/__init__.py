"""The runner, driven by its real client: what starts, when, and what is left afterwards."""
