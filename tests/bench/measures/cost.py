"""Target 6: what one run costs the database, from its creation to the record of its end."""

from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.contestants import Contestant, Punctual, punctual
from tests.bench.environment import BenchEnv, connect
from tests.bench.queues import Queue, celery
from tests.bench.racing import race, warm_up
from tests.bench.row import Figures, Row

RUNS = 1_000
RESET = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()"
WRITTEN = """
SELECT pg_current_wal_lsn() - '0/0'::pg_lsn,
       (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables)
"""
STATEMENTS = """
SELECT sum(calls) FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def of_a_run(env: BenchEnv) -> Iterator[Row]:
    """Bytes of WAL, rows written and statements a run, when they come at 100 a second."""
    names = ("WAL bytes", "rows written", "statements")
    figures: dict[str, Figures] = {name: {} for name in names}
    with ExitStack() as stack:
        product = stack.enter_context(env.product("cost"))
        contestants: list[Punctual | Queue] = [
            stack.enter_context(punctual(env, product)),
            stack.enter_context(celery(env)),
        ]
        warm_up(env, contestants)
        for each in contestants:
            for name, value in zip(names, _cost(env, each, each.database_url), strict=True):
                figures[name][each.name] = [value / RUNS]
    for name in names:
        yield Row(f"{name} a run", "", figures[name], "6: counted", against="Celery")


def _cost(env: BenchEnv, contestant: Contestant, database_url: str) -> tuple[float, float, float]:
    connection = connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(RESET)
            # The first change of a page after a checkpoint is logged whole: have that behind us.
            cursor.execute(WRITTEN)
            bytes_before, rows_before = cursor.fetchone() or (0, 0)
            race(env, contestant, [each * 10.0 for each in range(RUNS)])
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute(WRITTEN)
            bytes_after, rows_after = cursor.fetchone() or (0, 0)
            cursor.execute(STATEMENTS)
            (statements,) = cursor.fetchone() or (0,)
    finally:
        connection.close()
    return float(bytes_after - bytes_before), float(rows_after - rows_before), float(statements)
