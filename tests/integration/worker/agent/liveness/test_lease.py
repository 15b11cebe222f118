"""A worker keeps its lease as long as its heartbeat reaches the database."""

from datetime import datetime

from sqlalchemy import Engine, text

from tests.integration.worker.conftest import StartWorker
from tests.support.eventually import eventually

HEARTBEAT = text("SELECT heartbeat_at FROM workers")


def heartbeat(engine: Engine) -> datetime:
    with engine.connect() as connection:
        at: datetime = connection.execute(HEARTBEAT).scalar_one()
    return at


def next_beat(engine: Engine) -> None:
    before = heartbeat(engine)
    eventually(lambda: heartbeat(engine) > before, within=20)


def test_a_lock_on_the_table_of_runs_does_not_take_the_lease_away(
    engine: Engine, start_worker: StartWorker
) -> None:
    start_worker(heartbeat_seconds=0.2)
    for _ in range(2):  # the second beat comes from the heart's own thread
        next_beat(engine)
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE"))
        next_beat(engine)
        next_beat(engine)
