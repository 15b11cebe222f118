"""What goes over the wire, one file per noun: the same schemas check it and describe it."""
