"""The system under test: its processes, its users, and what can be observed of them."""
