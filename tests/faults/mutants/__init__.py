"""Broken products, each without one of its guards: the checker has to see what comes of it."""
