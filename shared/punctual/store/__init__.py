"""The store: all SQL of the product, and the tables."""
