"""The doctor: looks a running product over and says what is wrong, in sentences."""
