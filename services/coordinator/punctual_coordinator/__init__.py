"""The coordinator: plans and dispatches what is due, rescues what got stuck."""
