"""The notifier: a process of its own, which sends messages of alerts to channels."""
