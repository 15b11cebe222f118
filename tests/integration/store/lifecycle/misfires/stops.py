"""What tests of stops share: everything stops for a while, and a coordinator comes back."""

import uuid
from datetime import timedelta

from sqlalchemy import Engine

from punctual.store.lifecycle.claim import pull
from punctual.store.lifecycle.misfires.catch_up import CatchUpBatch, settle_left_behind
from punctual.store.lifecycle.planning.plan import plan
from punctual.store.outages.outages import note_break, note_pass
from punctual.store.processes.workers import leave
from tests.support.age import age
from tests.support.rows import WINDOW, dispatch_all, new_run, run_row
from tests.support.steps import LEASE, claim_run, new_worker


def coordinate(engine: Engine) -> list[uuid.UUID]:
    """What a coordinator does in a pass, in its order; answers what is queued anew."""
    with engine.begin() as connection:
        note_break(connection, lease=LEASE)
    with engine.begin() as connection:
        plan(connection, window=WINDOW, batch_size=100)
    queued = dispatch_all(engine)
    settle(engine)
    queued += dispatch_all(engine)
    with engine.begin() as connection:
        note_pass(connection)
    return [run.run_id for run in queued]


def settle(engine: Engine) -> CatchUpBatch:
    with engine.begin() as connection:
        return settle_left_behind(connection, lease=LEASE, batch_size=100)


def states(engine: Engine, *runs: uuid.UUID) -> list[str]:
    return [run_row(engine, run).state for run in runs]


def stopped_for(
    engine: Engine, seconds: float, *, state: str, task: uuid.UUID, due_in: float = 5
) -> uuid.UUID:
    """A run that was planned, and brought to a state, before everything stopped for so long."""
    coordinate(engine)
    worker = new_worker(engine, name="before")
    run = new_run(engine, task, due_in=due_in)
    if state == "claimed":
        claim_run(engine, run, worker)
    elif state == "queued":
        dispatch_all(engine)
    with engine.begin() as connection:
        leave(connection, worker_id=worker)
    age(engine, timedelta(seconds=seconds))
    assert run_row(engine, run).state == state
    return run


def pulled(engine: Engine, worker: uuid.UUID) -> list[uuid.UUID]:
    with engine.begin() as connection:
        return [run.run_id for run in pull(connection, worker_id=worker, room=9, ahead=WINDOW)]
