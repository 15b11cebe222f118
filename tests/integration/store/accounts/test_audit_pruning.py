"""Old events of the audit record are deleted by a coordinator, and no young ones."""

from datetime import timedelta

from sqlalchemy import Engine, text

from punctual.domain.audit.actions import Action
from punctual.store.accounts.audit import Actor, NewEvent, Subject, prune_audit, write_events
from punctual.store.driver.engine import make_engine
from tests.support.servers import as_service

AGES = (10, 40, 50, 401)


def write_aged(engine: Engine) -> None:
    """An event of each age in days."""
    with engine.begin() as connection:
        for days in AGES:
            event = NewEvent(Action.USER_LOGIN, Actor(), Subject("user", None, str(days)))
            write_events(connection, [event])
            connection.execute(
                text("UPDATE audit_events SET at = now() - :age WHERE object_name = :days"),
                {"age": timedelta(days=days), "days": str(days)},
            )


def remaining(engine: Engine) -> list[int]:
    """The ages of the events that are there."""
    with engine.connect() as connection:
        found = connection.execute(text("SELECT object_name FROM audit_events ORDER BY at DESC"))
        return [int(name) for name in found.scalars()]


def test_a_coordinator_deletes_what_is_older_than_the_retention_in_steps(
    engine: Engine, database_url: str
) -> None:
    write_aged(engine)
    coordinator = make_engine(as_service(database_url, "coordinator"), service="test", size=1)
    with coordinator.begin() as connection:
        assert prune_audit(connection, keep=timedelta(days=45), batch_size=1) == 1
        assert remaining(engine) == list(AGES)  # not committed yet
    assert remaining(engine) == [10, 40, 50]
    with coordinator.begin() as connection:
        assert prune_audit(connection, keep=timedelta(days=45), batch_size=500) == 1
    assert remaining(engine) == [10, 40]
    coordinator.dispose()


def test_no_event_goes_before_it_is_thirty_days_old(engine: Engine) -> None:
    write_aged(engine)
    with engine.begin() as connection:
        prune_audit(connection, keep=timedelta(0), batch_size=500)
    assert remaining(engine) == [10]
