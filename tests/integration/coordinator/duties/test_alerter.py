"""The alerter: events become messages to channels, by rules, changes and times."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.domain.alerts.events import EventKind
from punctual.messaging.broker import Broker
from punctual.store.alerts.events import NewEvent
from punctual.store.alerts.messages import prune_deliveries
from punctual.store.driver.engine import make_engine
from punctual_coordinator.duties.alerter import Alerter
from tests.integration.alert_rows import messages, new_channel, new_rule, record_events
from tests.support.rows import database_now, new_task, new_team
from tests.support.servers import as_service

MINUTE = timedelta(minutes=1)
HOOK = "https://hooks.example.com/x"


@pytest.fixture
def coordinator(database_url: str) -> Iterator[Engine]:
    """The database as a coordinator's role sees it."""
    made = make_engine(as_service(database_url, "coordinator"), service="coordinator")
    yield made
    made.dispose()


@pytest.fixture
def alerter(coordinator: Engine, redis_url: str, namespace: str) -> Iterator[Alerter]:
    broker = Broker(redis_url, namespace=namespace)
    yield Alerter(coordinator, broker, batch=500)
    broker.close()


@pytest.fixture
def team(engine: Engine) -> uuid.UUID:
    return new_team(engine)


@pytest.fixture
def hook(engine: Engine, team: uuid.UUID) -> uuid.UUID:
    return new_channel(engine, team, url=HOOK)


def failed(team: uuid.UUID, task: uuid.UUID, in_row: int = 1, **details: object) -> NewEvent:
    return NewEvent(EventKind.FAILED, team, task, details={"in_row": in_row, **details})


def recovered(team: uuid.UUID, task: uuid.UUID) -> NewEvent:
    return NewEvent(EventKind.RECOVERED, team, task)


def sent(engine: Engine, channel: uuid.UUID | None) -> list[int]:
    """The events of all messages to a channel."""
    return [event for message in messages(engine, channel) for event in message.events]


def test_on_change_the_first_failure_and_the_recovery_are_sent_once(
    engine: Engine, alerter: Alerter, team: uuid.UUID, hook: uuid.UUID
) -> None:
    new_rule(engine, team, hook)
    task = new_task(engine, team_id=team)
    first, _, end = record_events(
        engine, failed(team, task), failed(team, task, 2), recovered(team, task)
    )
    alerter.run_once()
    [again] = record_events(engine, failed(team, task))
    assert alerter.run_once().events == 1
    assert sent(engine, hook) == [first, end, again]
    assert alerter.run_once().events == 0


def test_each_failure_is_sent_by_a_rule_for_every_event(
    engine: Engine, alerter: Alerter, team: uuid.UUID, hook: uuid.UUID
) -> None:
    new_rule(engine, team, hook, every=True)
    task = new_task(engine, team_id=team)
    events = record_events(engine, *(failed(team, task, row) for row in (1, 2, 3)))
    alerter.run_once()
    assert sent(engine, hook) == events


def test_only_the_tasks_and_tags_of_a_rule_are_meant(
    engine: Engine, alerter: Alerter, team: uuid.UUID, hook: uuid.UUID
) -> None:
    tagged = new_task(engine, team_id=team, tags=["db"])
    named, other = new_task(engine, team_id=team), new_task(engine, team_id=team)
    new_rule(engine, team, hook, tags=["db"])
    new_rule(engine, team, hook, tasks=[named])
    stranger = new_team(engine)
    foreign = new_task(engine, team_id=stranger, tags=["db"])
    one, two, *_ = record_events(
        engine,
        failed(team, tagged),
        failed(team, named),
        failed(team, other),
        failed(stranger, foreign),
    )
    alerter.run_once()
    assert sent(engine, hook) == [one, two]


def test_a_thousand_failures_of_one_second_are_three_messages_at_most(
    engine: Engine, alerter: Alerter, team: uuid.UUID, hook: uuid.UUID
) -> None:
    new_rule(engine, team, hook)
    tasks = [new_task(engine, team_id=team) for _ in range(1000)]
    now = database_now(engine)
    events = []
    for part in range(4):  # as they come in, turn by turn
        these = tasks[part * 250 : part * 250 + 250]
        events += record_events(engine, *(failed(team, task) for task in these))
        alerter.run_once(now=now + timedelta(seconds=part))
    assert sent(engine, hook) == events
    first, second = messages(engine, hook)
    assert (len(first.events), first.due_at) == (250, now)
    assert (len(second.events), second.due_at) == (750, now + MINUTE)


def test_what_is_not_urgent_waits_for_the_end_of_quiet_hours(
    engine: Engine, alerter: Alerter, team: uuid.UUID
) -> None:
    quiet = {"from": "22:00", "to": "07:00", "timezone": "Europe/Rome", "urgent": ["lost"]}
    hook = new_channel(engine, team, url=HOOK, quiet=quiet)
    new_rule(engine, team, hook, on=["failed", "lost"])
    one, two = new_task(engine, team_id=team), new_task(engine, team_id=team)
    night = datetime.fromisoformat("2026-03-03T23:30:00+01:00")
    record_events(engine, failed(team, one), NewEvent(EventKind.LOST, team, two))
    alerter.run_once(now=night)
    by_kind = {message.quiet: message.due_at for message in messages(engine, hook)}
    assert by_kind == {
        True: datetime.fromisoformat("2026-03-04T07:00:00+01:00"),
        False: night,
    }


def test_a_snoozed_task_is_silent_and_sent_once_the_snooze_is_over(
    engine: Engine, alerter: Alerter, team: uuid.UUID, hook: uuid.UUID
) -> None:
    new_rule(engine, team, hook)
    task = new_task(engine, team_id=team)
    now = database_now(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO task_snoozes (task_id, until, until_ok, at)"
                " VALUES (:task, :until, false, now())"
            ),
            {"task": task, "until": now + MINUTE},
        )
    record_events(engine, failed(team, task))
    alerter.run_once(now=now)
    assert sent(engine, hook) == []
    [still] = record_events(engine, failed(team, task, 2))
    alerter.run_once(now=now + 2 * MINUTE)
    assert sent(engine, hook) == [still]


def test_muted_until_ok_a_task_speaks_again_after_it_recovered(
    engine: Engine, alerter: Alerter, team: uuid.UUID, hook: uuid.UUID
) -> None:
    new_rule(engine, team, hook)
    task = new_task(engine, team_id=team)
    first = record_events(engine, failed(team, task))
    alerter.run_once()
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO task_snoozes (task_id, until, until_ok, at)"
                " VALUES (:task, NULL, true, now())"
            ),
            {"task": task},
        )
    record_events(engine, failed(team, task, 2))
    end = record_events(engine, recovered(team, task))
    again = record_events(engine, failed(team, task))
    alerter.run_once()
    assert sent(engine, hook) == first + end + again


def test_what_fails_often_goes_to_another_channel_once_and_its_recovery_too(
    engine: Engine, alerter: Alerter, team: uuid.UUID, hook: uuid.UUID
) -> None:
    boss = new_channel(engine, team, to=["boss@example.com"])
    new_rule(engine, team, hook, escalate_to=boss, runs=3)
    task = new_task(engine, team_id=team)
    events = record_events(engine, *(failed(team, task, row) for row in (1, 2, 3, 4)))
    alerter.run_once()
    assert sent(engine, boss) == [events[2]]
    end = record_events(engine, recovered(team, task))
    alerter.run_once()
    assert sent(engine, boss) == [events[2], *end]


def test_what_fails_for_long_goes_to_another_channel_unless_it_recovers(
    engine: Engine, alerter: Alerter, team: uuid.UUID, hook: uuid.UUID
) -> None:
    boss = new_channel(engine, team, to=["boss@example.com"])
    new_rule(engine, team, hook, escalate_to=boss, seconds=3600)
    now = database_now(engine)
    one, two = new_task(engine, team_id=team), new_task(engine, team_id=team)
    since = now.isoformat()
    record_events(engine, failed(team, one, since=since), failed(team, two, since=since))
    alerter.run_once(now=now)
    record_events(engine, recovered(team, two))
    [last] = record_events(engine, failed(team, one, 2, since=since))
    alerter.run_once(now=now + 59 * MINUTE)
    assert sent(engine, boss) == []
    alerter.run_once(now=now + 61 * MINUTE)
    alerter.run_once(now=now + 90 * MINUTE)
    assert sent(engine, boss) == [last]


def test_several_coordinators_send_each_event_once(
    engine: Engine,
    coordinator: Engine,
    redis_url: str,
    namespace: str,
    team: uuid.UUID,
    hook: uuid.UUID,
) -> None:
    new_rule(engine, team, hook, every=True)
    task = new_task(engine, team_id=team)
    broker = Broker(redis_url, namespace=namespace)
    several = [Alerter(coordinator, broker, batch=7) for _ in range(4)]
    together = threading.Barrier(4)
    events = record_events(engine, *(failed(team, task, row) for row in range(1, 101)))

    def work(one: Alerter) -> None:
        together.wait()
        for _ in range(20):
            one.run_once()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, several))
    broker.close()
    assert sorted(sent(engine, hook)) == events


def test_a_failing_channel_is_reported_elsewhere_and_to_admins_if_there_is_no_other(
    engine: Engine, alerter: Alerter, team: uuid.UUID, hook: uuid.UUID
) -> None:
    trouble = NewEvent(EventKind.CHANNEL_FAILING, team, details={"channel": str(hook)})
    alone = record_events(engine, trouble)
    alerter.run_once()
    assert sent(engine, None) == alone
    other = new_channel(engine, team, to=["ops@example.com"])
    again = record_events(engine, trouble)
    alerter.run_once()
    assert sent(engine, other) == again
    assert sent(engine, hook) == []


def test_operators_learn_of_the_installation_by_mail_until_there_is_a_rule(
    engine: Engine, alerter: Alerter
) -> None:
    full = record_events(engine, NewEvent(EventKind.DATABASE_FULL))
    alerter.run_once()
    assert sent(engine, None) == full
    pager = new_channel(engine, None, url=HOOK)
    new_rule(engine, None, pager, on=["database_full"])
    again = record_events(engine, NewEvent(EventKind.DATABASE_FULL))
    alerter.run_once()
    assert sent(engine, pager) == again
    assert sent(engine, None) == full


def test_old_messages_are_pruned_and_waiting_ones_stay(
    engine: Engine, coordinator: Engine, alerter: Alerter, team: uuid.UUID, hook: uuid.UUID
) -> None:
    new_rule(engine, team, hook, every=True)
    now = database_now(engine)
    for days in (3, 2):
        record_events(engine, failed(team, new_task(engine, team_id=team)))
        alerter.run_once(now=now - timedelta(days=days))
    old, waiting = messages(engine, hook)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE alert_deliveries SET state = 'delivered' WHERE id = :id"), {"id": old.id}
        )
    with coordinator.begin() as connection:
        assert prune_deliveries(connection, keep=timedelta(days=1), batch_size=10) == 1
    assert [message.id for message in messages(engine, hook)] == [waiting.id]
