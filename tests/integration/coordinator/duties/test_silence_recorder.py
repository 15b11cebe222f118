"""A silence that cannot be recorded keeps no other duty from its work."""

import threading
from datetime import timedelta

from sqlalchemy import Engine, text

from punctual_coordinator.duties.rescuer import Rescuer
from punctual_coordinator.duty_runner import DutyRunner
from punctual_coordinator.liveness.database_contact import DatabaseContact
from punctual_coordinator.liveness.database_silence import SilenceRecorder
from tests.support.steps import LEASE, new_worker, silence
from tests.support.uptime import up_for

LOCK = text("LOCK TABLE database_silences IN ACCESS EXCLUSIVE MODE")


class Clock:
    """Seconds that pass only as a test has it."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def silent_for(seconds: int) -> DatabaseContact:
    """A contact with a database that has just answered after so long."""
    clock = Clock()
    contact = DatabaseContact(clock=clock)
    contact.silence.sent()
    for _ in range(seconds):
        clock.seconds += 1
        contact.silence.awake()
    contact.made()
    return contact


def recorded(engine: Engine) -> list[timedelta]:
    with engine.connect() as connection:
        return list(
            connection.execute(text("SELECT to_at - from_at FROM database_silences")).scalars()
        )


def test_workers_are_buried_while_a_silence_cannot_be_recorded(engine: Engine) -> None:
    contact = silent_for(12)
    take = DutyRunner(contact, threading.Event()).take
    silences = SilenceRecorder(engine, contact.silence, lease=LEASE, take=take)
    rescuer = Rescuer(engine, contact, lease=LEASE, silences=silences)
    up_for(engine, seconds=3600)
    silence(engine, new_worker(engine), seconds=31)
    with engine.begin() as connection:
        connection.execute(LOCK)
        assert rescuer.run_once().buried == 1
    assert recorded(engine) == []
    assert silences.run_once()
    [length] = recorded(engine)
    assert round(length.total_seconds()) == 12
    silences.run_once()
    assert len(recorded(engine)) == 1
