"""A worker's batches cost each run the same, whatever PostgreSQL believes about the tables."""

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, TextClause, text

from punctual.store.driver import prepared_statements
from punctual.store.driver.engine import make_engine
from punctual.store.lifecycle.claim import CLAIM, claim, pairs
from punctual.store.lifecycle.finish import FINISH
from punctual.store.lifecycle.start import NOTE_STARTED, START
from tests.support.plans import forget_runs, most_rows
from tests.support.rows import dispatch_all, many_runs, new_task
from tests.support.steps import LEASE, new_worker

COUNT = 200
OTHERS = 1000
FETCHED = text("SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'runs'")
STATEMENTS = {"claim": CLAIM, "start": START, "note": NOTE_STARTED, "finish": FINISH}


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection as a worker has it."""
    engine = make_engine(database_url, service="worker")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def params_of(worker: uuid.UUID, runs: list[tuple[uuid.UUID, int]]) -> dict[str, object]:
    """What all four statements ask about these runs."""
    now = datetime.now(UTC).isoformat()
    rows: list[Mapping[str, Any]] = json.loads(pairs(runs))
    ended = {"outcome": "succeeded", "started_at": now, "finished_at": now, "output_bytes": 0}
    reports = [{**row, **ended, "output_truncated": False, "left_behind": 0} for row in rows]
    return {
        "messages": pairs(runs),
        "claims": pairs(runs),
        "begun": json.dumps(reports),
        "reports": json.dumps(reports),
        "worker_id": worker,
        "room": OTHERS,
        "ahead": None,
        "lease": LEASE,
        "admitted": [],
    }


def looked_at(
    connection: Connection, name: str, statement: TextClause, parameters: Mapping[str, object]
) -> float:
    with connection.begin():
        known = prepared_statements.prepared(name, statement.text)
        assert known.name in connection.info
        most = most_rows(connection, known.execute, parameters)
        fetched = connection.execute(FETCHED).scalar_one()  # by triggers and functions too
        return float(max(most, fetched / 8))


def test_plans_made_for_an_empty_table_still_find_each_run_by_itself(
    engine: Engine, connection: Connection
) -> None:
    task, worker = new_task(engine, overlap="allow"), new_worker(engine)
    with engine.begin() as preparing:  # as most tasks are: an end that changes it reads more
        preparing.execute(text("UPDATE task_health SET outcome = 'ok'"))
    many_runs(engine, task, 3000)
    forget_runs(engine)
    with connection.begin():
        for name, statement in STATEMENTS.items():
            prepared_statements.execute(connection, name, statement, params_of(worker, []))
    many_runs(engine, task, OTHERS)
    queued = [(run.run_id, run.fence) for run in dispatch_all(engine)]
    mine, others = queued[:COUNT], queued[COUNT:]
    claimed = [(run_id, fence + 1) for run_id, fence in mine]
    found = {"claim": looked_at(connection, "claim", CLAIM, params_of(worker, mine))}
    with engine.begin() as other:
        claim(other, worker_id=worker, messages=others, room=OTHERS)
    for name in ("start", "note", "finish"):
        parameters = params_of(worker, claimed)
        found[name] = looked_at(connection, name, STATEMENTS[name], parameters)
    assert found == pytest.approx(dict.fromkeys(STATEMENTS, COUNT), abs=COUNT)
    with connection.begin():
        states = connection.exec_driver_sql("SELECT state, count(*) FROM runs GROUP BY 1").all()
    assert {state: count for state, count in states if state != "cancelled"} == {
        "succeeded": COUNT,
        "claimed": OTHERS - COUNT,
    }
