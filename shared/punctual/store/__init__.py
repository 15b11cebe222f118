"""All SQL: the tables, and one file per family of verbs."""
