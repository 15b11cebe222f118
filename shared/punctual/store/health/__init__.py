"""Health of tasks: what triggers keep is read here, and what no end of a run shows is noted."""
