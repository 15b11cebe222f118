"""Contact: whether the database was away lately, as this coordinator saw it."""

import psycopg2
from sqlalchemy.exc import OperationalError

from punctual_coordinator.liveness.database_contact import DatabaseContact, is_outage


class Hands:
    """A clock that is moved by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def gone() -> OperationalError:
    """The error of a server that closed the connection."""
    return OperationalError("SELECT 1", None, psycopg2.OperationalError("server closed"))


def test_without_an_error_it_is_unbroken_from_the_start() -> None:
    assert DatabaseContact(clock=Hands()).unbroken_for(30)


def test_an_error_breaks_it_and_the_wait_begins_anew_when_the_database_is_back() -> None:
    clock = Hands()
    contact = DatabaseContact(clock=clock)
    contact.made()
    assert contact.unbroken_for(0)
    assert contact.failed(gone())
    assert not contact.unbroken_for(0)
    clock.now += 10
    contact.made()
    assert contact.unbroken_for(0)
    assert not contact.unbroken_for(10)
    clock.now += 10
    contact.made()
    assert contact.unbroken_for(10)


def test_a_refused_value_is_an_answer_and_no_outage() -> None:
    contact = DatabaseContact(clock=Hands())
    contact.made()
    error = OperationalError("SELECT 1", None, DeadlockReported())
    assert not is_outage(error)
    assert not contact.failed(error)
    assert contact.unbroken_for(0)


def test_a_server_that_shuts_down_is_an_outage() -> None:
    assert is_outage(OperationalError("SELECT 1", None, ShutdownReported()))


class DeadlockReported(psycopg2.OperationalError):
    """As psycopg2 raises it: with the server's code."""

    pgcode = "40P01"


class ShutdownReported(psycopg2.OperationalError):
    """As psycopg2 raises it: with the server's code."""

    pgcode = "57P01"
