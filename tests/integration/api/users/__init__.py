"""Tests of users, as admins see them."""
