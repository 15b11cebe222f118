"""Plan hints: SQL fragments and settings that force one query plan, named for their effect.

A worker's statements are prepared, and a plan is kept for a minute. One that was made while a table
was small, or was taken for empty, must still find the rows of a batch one by one by their primary
key. PostgreSQL has no hints, so a condition is spelled such that no other plan fits;
tests/integration/store/driver/test_batch_plans.py counts what each statement reads.
"""

WORKER_SETTINGS = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}
"""Of a worker's connections: plan once for all values, by indexes, without compiling."""


def by_key(column: str, key: str) -> str:
    """Return `column = key` as an index look-up for each row: no merge join, no hash join."""
    return f"{column} = ANY(ARRAY[{key}])"


def no_index(column: str) -> str:
    """Return a text column such that no index serves its condition."""
    return f"{column} || ''"
