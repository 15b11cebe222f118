"""The local stack: the whole product in one process tree, for `make run` and the tests."""
