"""Deliveries over the API: the log of messages, another attempt, and a test of a channel."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

from punctual.store.driver.listen import listen
from punctual.store.driver.notify import ALERT_CHANNEL
from tests.integration.api.channels.conftest import webhook
from tests.integration.api.conftest import Person, run_sql

EVENT = text("""
INSERT INTO alert_events (kind, team_id, task_id) VALUES ('failed', :team, :task) RETURNING id
""")


def delivery(
    engine: Engine, channel: str, team: uuid.UUID, *, events: list[int], state: str = "failed"
) -> str:
    """A message to a channel, as a coordinator makes one and a notifier has tried it."""
    made = uuid.uuid4()
    run_sql(
        engine,
        "INSERT INTO alert_deliveries (id, channel_id, team_id, state, due_at, attempts, ended_at)"
        " VALUES (:id, :channel, :team, :state, now(), 1, now())",
        id=made,
        channel=channel,
        team=team,
        state=state,
    )
    for event in events:
        run_sql(
            engine,
            "INSERT INTO alert_delivery_events VALUES (:id, :event, :channel)",
            id=made,
            event=event,
            channel=channel,
        )
    run_sql(
        engine,
        "INSERT INTO alert_attempts VALUES (:id, 1, now(), false, 500, 'answered 500', 12.5)",
        id=made,
    )
    return str(made)


def failed_event(engine: Engine, person: Person, task: str) -> int:
    with engine.begin() as connection:
        found = connection.execute(EVENT, {"team": person.id, "task": task})
        event: int = found.scalar_one()
    return event


@contextmanager
def notifier(engine: Engine, database_url: str) -> Iterator[None]:
    """What a notifier does with a test: it waits for the notice, and writes an attempt."""
    stop = threading.Event()

    def work() -> None:
        for _ in listen(
            database_url, ALERT_CHANNEL, service="test", stop=stop, turned=lambda: None
        ):
            with engine.begin() as connection:
                done = connection.execute(
                    text(
                        "UPDATE alert_deliveries SET state = 'delivered', ended_at = now()"
                        " WHERE state = 'waiting' RETURNING id"
                    )
                ).scalars()
                for one in done.all():
                    connection.execute(
                        text(
                            "INSERT INTO alert_attempts"
                            " VALUES (:id, 1, now(), true, 204, 'answered 204', 3)"
                        ),
                        {"id": one},
                    )

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_the_log_has_events_attempts_and_latency(anna: Person, engine: Engine) -> None:
    hook, task = webhook(anna)["id"], anna.task(name="backup")
    event = failed_event(engine, anna, task["id"])
    made = delivery(engine, hook, anna.id, events=[event])
    [listed] = anna.items(f"/deliveries/?channel={hook}")
    assert listed["id"] == made
    assert listed["channel_name"] == "hook"
    assert listed["state"] == "failed"
    assert listed["event_count"] == 1
    assert [(one["kind"], one["task_name"]) for one in listed["events"]] == [("failed", "backup")]
    [attempt] = listed["attempts"]
    assert (attempt["status"], attempt["detail"], attempt["latency_ms"]) == (
        500,
        "answered 500",
        12.5,
    )
    assert anna.get(f"/deliveries/{made}/").get_json() == listed


def test_pages_follow_each_other_newest_first(anna: Person, engine: Engine) -> None:
    hook = webhook(anna)["id"]
    made = sorted((delivery(engine, hook, anna.id, events=[]) for _ in range(3)), reverse=True)
    page = anna.get("/deliveries/?limit=2").get_json()
    assert [one["id"] for one in page["items"]] == made[:2]
    rest = anna.get(f"/deliveries/?limit=2&cursor={page['next_cursor']}").get_json()
    assert [one["id"] for one in rest["items"]] == made[2:]
    assert rest["next_cursor"] is None
    assert anna.items("/deliveries/?state=delivered") == []


def test_a_message_is_sent_again_until_it_is_delivered(anna: Person, engine: Engine) -> None:
    hook = webhook(anna)["id"]
    made = delivery(engine, hook, anna.id, events=[])
    answer = anna.post(f"/deliveries/{made}/retry/")
    assert answer.status_code == 202
    assert answer.get_json()["state"] == "waiting"
    assert answer.get_json()["next_attempt_at"] is not None
    done = delivery(engine, hook, anna.id, events=[], state="delivered")
    assert anna.post(f"/deliveries/{done}/retry/").status_code == 409
    actions = [one["action"] for one in anna.items(f"/audit/?object={made}")]
    assert actions == ["delivery.retry"]


def test_strangers_see_no_deliveries(anna: Person, ben: Person, ops: str, engine: Engine) -> None:
    hook = webhook(anna)["id"]
    made = delivery(engine, hook, anna.id, events=[])
    assert ben.items("/deliveries/") == []
    assert ben.get(f"/deliveries/{made}/").status_code == 404
    assert ben.post(f"/deliveries/{made}/retry/").status_code == 404


def test_a_test_answers_what_the_notifier_was_answered(
    anna: Person, engine: Engine, database_url: str
) -> None:
    hook = webhook(anna)["id"]
    with notifier(engine, database_url):
        answer = anna.post(f"/channels/{hook}/test/")
    assert answer.status_code == 200
    result = answer.get_json()
    assert (result["delivered"], result["status"]) == (True, 204)
    [listed] = anna.items("/deliveries/")
    assert (listed["id"], listed["kind"]) == (result["delivery"], "test")
    actions = [one["action"] for one in anna.items(f"/audit/?object={hook}")]
    assert actions == ["channel.test", "channel.create"]
