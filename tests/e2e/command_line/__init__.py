"""`punctual`, driven as a process against the product."""
