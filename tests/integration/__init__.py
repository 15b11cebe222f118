"""One part of the product against real servers and real processes."""
