"""Faults on purpose: real processes, real servers, and an oracle that is not our own database."""
