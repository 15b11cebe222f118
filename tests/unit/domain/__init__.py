"""Tests of the pure rules, by examples, by properties and against brute force."""
