"""The local stack's rules, without a process."""
