"""Runs of whole workers: handed to them, waited for, and what they wrote."""

import uuid

from sqlalchemy import Engine, Row, text

from punctual.domain.runs.states import FINAL
from punctual.messaging.broker import Broker
from tests.support.eventually import eventually
from tests.support.rows import dispatch_all, run_row


def publish(engine: Engine, broker: Broker) -> None:
    """Queue every run that is due soon, and publish its message."""
    broker.publish([(run.run_id, run.fence) for run in dispatch_all(engine)])


def ended(engine: Engine, run_id: uuid.UUID) -> Row[tuple[object, ...]]:
    """Wait for the end of a run, and return its row."""

    def final() -> Row[tuple[object, ...]] | None:
        row = run_row(engine, run_id)
        return row if row.state in FINAL else None

    row = eventually(final, within=20)
    assert row is not None
    return row


def output_of(engine: Engine, run_id: uuid.UUID) -> bytes:
    """Return the stored output of a run."""
    statement = text("SELECT data FROM outputs WHERE run_id = :id")
    with engine.connect() as connection:
        return bytes(connection.execute(statement, {"id": run_id}).scalar_one())
