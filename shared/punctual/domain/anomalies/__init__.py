"""Anomalies: runs that succeeded, and yet are unlike the task's other ones."""
