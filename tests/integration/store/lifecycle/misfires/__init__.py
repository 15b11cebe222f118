"""Tests of misfires."""
