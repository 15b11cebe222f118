"""Mail that the API sends: which letters, by which thread, and how many at most."""
