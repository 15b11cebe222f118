"""The duties of a coordinator: each is one file, named by its job."""
