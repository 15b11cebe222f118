"""Outages over REST: how many due times fell into one, what became of each, and one call to run."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from punctual.domain.runs.ledger import Reason
from punctual.store.ledger.entries import LedgerEntry, note
from punctual.store.lifecycle.planning.plan import plan
from punctual.store.outages.outages import note_gap
from tests.integration.api.conftest import Person, run_sql
from tests.support.rows import WINDOW

EVERY_5_MINUTES = {"cron": "*/5 * * * *", "timezone": "UTC"}
BACK = datetime.now(UTC).replace(minute=2, second=0, microsecond=0) - timedelta(hours=1)
LEFT = BACK - timedelta(hours=1)


def task_of(who: Person, engine: Engine, **values: Any) -> dict[str, Any]:
    """A task due every five minutes that was planned up to when the coordinators left."""
    task = who.task(schedule=EVERY_5_MINUTES, **values)
    params = {"id": uuid.UUID(task["id"]), "left": LEFT}
    run_sql(
        engine,
        "UPDATE tasks SET next_due_at = date_trunc('hour', CAST(:left AS timestamptz))"
        " + interval '5 minutes', schedule_anchor = :left WHERE id = :id",
        **params,
    )
    return task


def come_back(engine: Engine) -> str:
    """No coordinator was there for an hour; answers the outage's id."""
    run_sql(engine, "INSERT INTO last_pass (at) VALUES (:left)", left=LEFT)
    with engine.begin() as connection:
        gap = note_gap(connection, min_gap=timedelta(minutes=1), now=BACK)
        plan(connection, window=WINDOW, batch_size=100, now=BACK)
    assert gap is not None
    return str(gap.id)


@pytest.mark.parametrize(
    ("policy", "run", "missed"), [("latest", 1, 11), ("all", 12, 0), ("none", 0, 12)]
)
def test_an_hour_away_lists_twelve_due_times_and_what_became_of_each(
    anna: Person, engine: Engine, policy: str, run: int, missed: int
) -> None:
    task = task_of(anna, engine, catch_up=policy)
    outage = come_back(engine)
    [item] = anna.items("/outages/")
    report = anna.get(f"/outages/{outage}/").get_json()
    assert (item["id"], item["seconds"], item["due_times"]) == (outage, 3600, 12)
    assert (item["became"]["missed"], item["became"]["waiting"]) == (missed, run)
    [one] = report["tasks"]
    assert (one["task_id"], one["due_times"], one["became"]) == (task["id"], 12, item["became"])
    assert len(anna.items(f"/tasks/{task['id']}/ledger/")) == missed


def test_the_ledger_says_from_when_to_when_no_coordinator_was_there(
    anna: Person, engine: Engine
) -> None:
    task = task_of(anna, engine, catch_up="none")
    come_back(engine)
    row = anna.items(f"/tasks/{task['id']}/ledger/")[0]
    span = f"from {LEFT:%Y-%m-%dT%H:%M:%SZ} to {BACK:%Y-%m-%dT%H:%M:%SZ}"
    assert row["sentence"] == f"Missed: no coordinator was running {span}."
    why = anna.get(f"/tasks/{task['id']}/why/?at={row['due_time']}").get_json()
    assert why["sentence"] == row["sentence"]


def test_one_call_backfills_the_chosen_tasks_and_none_twice(anna: Person, engine: Engine) -> None:
    chosen, other = (task_of(anna, engine, catch_up="none") for _ in range(2))
    path = f"/outages/{come_back(engine)}"
    made = anna.post(f"{path}/backfill/", json={"tasks": [chosen["id"]]})
    assert made.status_code == 202
    [one] = made.get_json()["tasks"]
    assert (one["task_id"], len(one["runs"])) == (chosen["id"], 12)
    assert len(anna.items(f"/tasks/{other['id']}/runs/?state=scheduled")) == 0
    rest = anna.post(f"{path}/backfill/", json={"tasks": "all", "limit": 5}).get_json()
    assert (len(rest["tasks"][0]["runs"]), rest["more"]) == (5, True)
    rest = anna.post(f"{path}/backfill/", json={"tasks": "all"}).get_json()
    assert (len(rest["tasks"][0]["runs"]), rest["more"]) == (7, False)
    assert anna.post(f"{path}/backfill/", json={"tasks": "all"}).get_json()["tasks"] == []
    report = anna.get(f"{path}/").get_json()
    assert (report["due_times"], report["became"]["backfilled"]) == (24, 24)
    events = anna.items("/audit/?action=outage.backfill")
    assert [(event["object"]["id"], event["changes"]["runs"]) for event in events] == [
        (other["id"], [None, 7]),
        (other["id"], [None, 5]),
        (chosen["id"], [None, 12]),
    ]


def test_a_frequent_task_is_counted_and_backfilled_whole(anna: Person, engine: Engine) -> None:
    task = task_of(anna, engine, catch_up="none")
    run_sql(
        engine,
        """UPDATE tasks SET schedule = '{"every": 10}', next_due_at = schedule_anchor
                                                       + interval '10 seconds'""",
    )
    path = f"/outages/{come_back(engine)}"
    report = anna.get(f"{path}/").get_json()
    late = [row for row in anna.items(f"/tasks/{task['id']}/ledger/?limit=200") if row["until"]]
    assert late
    assert report["due_times"] == 360
    missed = report["became"]["missed"]
    made = anna.post(f"{path}/backfill/", json={"tasks": "all"}).get_json()
    assert len(made["tasks"][0]["runs"]) == missed


def test_only_missed_due_times_are_run_and_not_blocked_ones(anna: Person, engine: Engine) -> None:
    task = task_of(anna, engine, catch_up="none")
    path = f"/outages/{come_back(engine)}"
    blocked = LEFT.replace(minute=30)
    with engine.begin() as connection:
        note(connection, [LedgerEntry(uuid.UUID(task["id"]), blocked, Reason.BLOCKED)])
    made = anna.post(f"{path}/backfill/", json={"tasks": "all"}).get_json()
    assert len(made["tasks"][0]["runs"]) == 11
    times = {run["scheduled_for"] for run in anna.items("/runs/?state=scheduled")}
    assert f"{blocked:%Y-%m-%dT%H:%M:%SZ}" not in times


def test_everybody_sees_only_their_own_tasks(anna: Person, ben: Person, engine: Engine) -> None:
    task = task_of(anna, engine, catch_up="none")
    path = f"/outages/{come_back(engine)}"
    assert ben.items("/outages/")[0]["due_times"] == 0
    assert ben.get(f"{path}/").get_json()["tasks"] == []
    answer = ben.post(f"{path}/backfill/", json={"tasks": [task["id"]]})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/tasks/0"
    assert ben.post(f"{path}/backfill/", json={"tasks": "all"}).get_json()["tasks"] == []


@pytest.mark.parametrize("sent", [{}, {"tasks": []}, {"tasks": "some"}, {"tasks": ["x"]}])
def test_a_choice_that_is_none_is_refused(
    anna: Person, engine: Engine, sent: dict[str, Any]
) -> None:
    path = f"/outages/{come_back(engine)}/backfill/"
    assert anna.post(path, json=sent).status_code == 422


def test_an_outage_that_is_not_there_is_not_found(anna: Person) -> None:
    path = f"/outages/{uuid.uuid4()}/"
    assert anna.get(path).status_code == 404
    assert anna.post(f"{path}backfill/", json={"tasks": "all"}).status_code == 404
