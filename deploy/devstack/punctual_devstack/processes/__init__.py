"""Processes: started, kept running, ended, and recognised when an earlier stack left them."""
