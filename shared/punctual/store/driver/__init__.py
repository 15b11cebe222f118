"""The driver: everything that adapts SQLAlchemy or psycopg2, for short transactions.

`dialect` sends BEGIN with the first statement and trusts a connection that answered just now,
`watched_dialect` notes what each thread waits for, `prepared_statements` parses and plans a
statement once a connection, `raw_statements` runs one without SQLAlchemy's result objects, and
`plan_hints` names the spellings that leave PostgreSQL one plan. `engine`, `listen` and `notify` use
the libraries as they are.

What is overridden is part of neither library's documented interface. Run
tests/unit/store/driver/test_contract.py and tests/integration/store/driver before you raise their
versions.
"""
