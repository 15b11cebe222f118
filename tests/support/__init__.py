"""What tests lean on: real servers, the real product, a real browser."""
