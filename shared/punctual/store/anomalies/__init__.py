"""Anomalies: successes are judged by what is normal for their task, after they have ended."""
