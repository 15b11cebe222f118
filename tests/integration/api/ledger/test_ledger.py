"""The ledger over REST: why a due time was no plain start on time, page by page."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from punctual.domain.runs.ledger import Reason
from punctual.store.calendars.changes import blocked_by
from punctual.store.ledger.entries import LedgerEntry, note
from tests.integration.api.conftest import Person

XMAS = blocked_by("Xmas")
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def noted(engine: Engine, task: dict[str, Any], minute: int, reason: Reason, **more: Any) -> None:
    due = NOON + timedelta(minutes=minute)
    with engine.begin() as connection:
        note(connection, [LedgerEntry(uuid.UUID(task["id"]), due, reason, **more)])


def test_a_row_says_when_why_and_which_run(anna: Person, engine: Engine) -> None:
    task = anna.task()
    run = uuid.uuid4()
    noted(engine, task, 0, Reason.BLOCKED, cause=XMAS, run_id=run, detail={"id": 7})
    [row] = anna.items(f"/tasks/{task['id']}/ledger/")
    assert row.pop("noted_at")
    assert row == {
        "due_time": "2026-01-05T12:00:00Z",
        "until": None,
        "times": 1,
        "reason": "held",
        "reason_code": "calendar",
        "reason_args": {"calendar": "Xmas"},
        "sentence": 'Held: blocked by calendar "Xmas".',
        "lateness_ms": None,
        "run_id": str(run),
        "detail": {"id": 7},
    }


def test_it_is_listed_newest_first_page_by_page_and_by_reason(anna: Person, engine: Engine) -> None:
    task = anna.task()
    for minute in range(3):
        noted(engine, task, minute, Reason.MISSED)
    noted(engine, task, 3, Reason.BLOCKED)
    path = f"/tasks/{task['id']}/ledger/"
    first = anna.get(path, query_string={"limit": 3}).get_json()
    assert [row["due_time"][11:16] for row in first["items"]] == ["12:03", "12:02", "12:01"]
    rest = anna.get(path, query_string={"limit": 3, "cursor": first["next_cursor"]}).get_json()
    assert [row["due_time"][11:16] for row in rest["items"]] == ["12:00"]
    assert rest["next_cursor"] is None
    assert len(anna.items(f"{path}?reason=held")) == 1
    assert len(anna.items(f"{path}?since=2026-01-05T12:02:00Z")) == 2
    assert anna.get(f"{path}?cursor=x").status_code == 422
    assert anna.get(f"{path}?reason=bad_luck").status_code == 422


def test_the_ledger_of_another_users_task_is_not_found(anna: Person, ben: Person) -> None:
    assert ben.get(f"/tasks/{anna.task()['id']}/ledger/").status_code == 404


def test_why_answers_from_the_ledger_where_no_run_is_left(anna: Person, engine: Engine) -> None:
    task = anna.task(schedule={"cron": "0 12 * * *", "timezone": "UTC"})
    noted(engine, task, 0, Reason.BLOCKED, cause=XMAS)
    reason = anna.get(f"/tasks/{task['id']}/why/", query_string={"at": NOON.isoformat()}).get_json()
    assert (reason["verdict"], reason["sentence"]) == ("held", 'Held: blocked by calendar "Xmas".')
