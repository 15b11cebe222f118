"""Simulations: rules tried on weeks of made-up history, with figures for the docs."""
