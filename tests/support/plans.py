"""What PostgreSQL goes through to carry out a statement, as EXPLAIN ANALYZE shows it."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, event, text

# The last row keeps the pages before it, which PostgreSQL would give back otherwise.
PRUNE = text("DELETE FROM runs WHERE ctid < (SELECT max(ctid) FROM runs)")


def most_rows(
    connection: Connection, statement: TextClause, parameters: Mapping[str, object]
) -> float:
    """The rows that the busiest step of its plan looked at; the statement is carried out."""
    explain = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}")
    [plan] = connection.execute(explain, parameters).scalar_one()
    return max(map(_looked_at, _steps(plan["Plan"])))


def most_rows_of_each(engine: Engine, query: Callable[[Connection], object]) -> list[float]:
    """The same of every statement that `query` sends, in order; nothing is kept."""
    looked_at = []
    with engine.connect() as connection:
        for statement, parameters in sent_by(engine, query):
            explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
            [plan] = connection.exec_driver_sql(explain, parameters).scalar_one()
            looked_at.append(max(map(_looked_at, _steps(plan["Plan"]))))
        connection.rollback()
    return looked_at


def sent_by(engine: Engine, query: Callable[[Connection], object]) -> list[tuple[str, Any]]:
    """Each statement that `query` sends, with its parameters; nothing is kept."""
    sent: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        query(connection)
        connection.rollback()
    event.remove(engine, "before_cursor_execute", note)
    return sent


def forget_runs(engine: Engine) -> None:
    """Leave a table of runs that was large, is all but empty, and has been counted as such."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE runs SET state = 'cancelled', finished_at = now()"))
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(PRUNE)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE runs"))


def _steps(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(step for below in plan.get("Plans", []) for step in _steps(below))]


def _looked_at(step: dict[str, Any]) -> float:
    each: float = step["Actual Rows"]
    for removed in ("Join Filter", "Filter", "Index Recheck"):
        each += step.get(f"Rows Removed by {removed}", 0)
    return each * float(step["Actual Loops"])
