"""Tests of mail, at real SMTP servers."""
