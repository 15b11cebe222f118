"""One run led step by step through its life, by the product's own statements."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import Engine, text

from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.store.lifecycle.claim import Claimed, claim
from punctual.store.lifecycle.finish import AttemptResult, Settled, finish
from punctual.store.lifecycle.start import StartedAttempt, start
from punctual.store.processes.workers import register
from tests.support.rows import database_now, dispatch_all, run_row

LEASE = timedelta(seconds=30)

EXIT_CODE_1 = coded(ReasonCode.EXIT_CODE, exit_code=1)


def new_worker(
    engine: Engine,
    *,
    name: str = "worker-1",
    state: str = "active",
    queues: Sequence[str] = ("default",),
) -> uuid.UUID:
    """A worker whose heartbeat is fresh."""
    with engine.begin() as connection:
        worker_id = register(connection, name=name, host="host", pid=1, slots=16, queues=queues)
        params = {"id": worker_id, "state": state}
        connection.execute(text("UPDATE workers SET state = :state WHERE id = :id"), params)
    return worker_id


def silence(engine: Engine, worker_id: uuid.UUID, *, seconds: float) -> None:
    """Make a worker's last heartbeat `seconds` old."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE workers SET heartbeat_at = clock_timestamp() - :ago WHERE id = :id"),
            {"id": worker_id, "ago": timedelta(seconds=seconds)},
        )


def change_run(engine: Engine, run_id: uuid.UUID, **values: Any) -> None:
    """Write columns of a run directly, as no statement of the product would."""
    columns = ", ".join(f"{name} = :{name}" for name in values)
    with engine.begin() as connection:
        connection.execute(
            text(f"UPDATE runs SET {columns} WHERE id = :id"), {"id": run_id} | values
        )


def queue_run(engine: Engine, run_id: uuid.UUID) -> int:
    """Dispatch until this run is queued; answers its fence."""
    dispatch_all(engine)
    row = run_row(engine, run_id)
    assert row.state == "queued", row.state
    return int(row.fence)


def claim_run(engine: Engine, run_id: uuid.UUID, worker_id: uuid.UUID) -> Claimed:
    """Have a worker claim a run that may still have to be queued."""
    fence = queue_run(engine, run_id)
    with engine.begin() as connection:
        return claim(connection, worker_id=worker_id, messages=[(run_id, fence)], room=1)[0]


def start_claims(
    engine: Engine, worker_id: uuid.UUID, *claims: tuple[uuid.UUID, int]
) -> list[StartedAttempt]:
    """Have a worker try to start what it holds."""
    with engine.begin() as connection:
        return start(connection, worker_id=worker_id, claims=list(claims), lease=LEASE)


def start_run(engine: Engine, run_id: uuid.UUID, worker_id: uuid.UUID) -> StartedAttempt:
    """Have a worker claim and start a run."""
    claimed = claim_run(engine, run_id, worker_id)
    return start_claims(engine, worker_id, (run_id, claimed.fence))[0]


class ClaimedRun(Protocol):
    """Anything that names a run and the fence it is held under."""

    @property
    def run_id(self) -> uuid.UUID: ...

    @property
    def fence(self) -> int: ...


def report_of(engine: Engine, started: ClaimedRun, outcome: str, **values: Any) -> AttemptResult:
    """What a worker would report about an attempt that ended just now."""
    now = database_now(engine)
    code = {"succeeded": 0, "failed": 1}.get(outcome)
    fields: dict[str, Any] = {
        "started_at": now,
        "finished_at": now,
        "exit_code": code,
        "signal": None,
        "reason": None,
        "output": b"",
        "segments": (),
        "head_bytes": 0,
        "output_bytes": 0,
        "output_truncated": False,
    }
    return AttemptResult(started.run_id, started.fence, outcome, **(fields | values))


def finish_run(
    engine: Engine, started: StartedAttempt, worker_id: uuid.UUID, outcome: str, **values: Any
) -> list[Settled]:
    """Have a worker report how an attempt ended."""
    report = report_of(engine, started, outcome, **values)
    with engine.begin() as connection:
        return finish(connection, worker_id=worker_id, reports=[report])
