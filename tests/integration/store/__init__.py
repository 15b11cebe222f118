"""Every guarded statement, with the steps it must refuse."""
