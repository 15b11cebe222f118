"""The rules of the product, pure: no IO, and the time is always an argument."""
