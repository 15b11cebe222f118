"""Events are recorded with what messages need, and pruned with other history."""

import uuid
from datetime import timedelta

from sqlalchemy import Engine, text

from punctual.domain.alerts.events import FOR_OPERATORS, FOR_TEAMS, EventKind
from punctual.store.alerts.events import NewEvent, prune_events, record

DAY = timedelta(days=1)


def test_every_kind_can_be_recorded(engine: Engine) -> None:
    with engine.begin() as connection:
        ids = record(connection, [NewEvent(kind) for kind in EventKind])
        kinds = connection.execute(text("SELECT kind FROM alert_events ORDER BY id")).scalars()
        assert list(kinds) == list(EventKind)
    assert ids == sorted(ids)
    assert len(ids) == len(FOR_OPERATORS) + len(FOR_TEAMS)


def test_an_event_has_its_team_task_run_and_details_and_is_not_taken_yet(engine: Engine) -> None:
    team, task, run = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    with engine.begin() as connection:
        record(connection, [NewEvent(EventKind.FAILED, team, task, run, {"in_row": 3})])
        row = connection.execute(text("SELECT * FROM alert_events")).one()
    assert (row.team_id, row.task_id, row.run_id) == (team, task, run)
    assert row.details == {"in_row": 3}
    assert row.taken_at is None


def test_old_events_are_pruned_in_steps(engine: Engine) -> None:
    with engine.begin() as connection:
        record(connection, [NewEvent(EventKind.FAILED)] * 3)
        connection.execute(text("UPDATE alert_events SET at = at - interval '2 days'"))
        record(connection, [NewEvent(EventKind.RECOVERED)])
        steps = [prune_events(connection, keep=DAY, batch_size=2) for _ in range(3)]
        left = connection.execute(text("SELECT kind FROM alert_events")).scalars()
        assert list(left) == ["recovered"]
    assert steps == [2, 1, 0]
