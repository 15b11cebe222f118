"""How many planted anomalies are found in weeks of runs, and how many alarms are false."""
