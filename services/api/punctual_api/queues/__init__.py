"""Queues: which teams may use one."""
