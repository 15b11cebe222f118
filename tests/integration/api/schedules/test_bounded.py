"""What a request may cost is bounded by counted steps, and the answer says when it stopped."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from punctual.domain.schedules import zone
from tests.integration.api.conftest import Person

FIFTH_MONDAY = {"cron": "0 0 * 2 MON#5", "timezone": "UTC"}
MONDAYS = {"weekday": "mon", "start": "00:00", "end": "00:00"}
LAST = "9999-12-31T23:59:59Z"
FIRST = "1970-01-01T00:00:00Z"


@pytest.fixture
def mondays(anna: Person) -> str:
    """A calendar that blocks every Monday."""
    assert (
        anna.post("/calendars/", json={"name": "Mondays", "windows": [MONDAYS]}).status_code == 201
    )
    return "Mondays"


def test_a_task_whose_search_stops_is_listed_without_a_next_run_and_with_the_reason(
    anna: Person, mondays: str
) -> None:
    task = anna.task(schedule=FIFTH_MONDAY, calendars=[mondays])
    [listed] = anna.items("/tasks/")
    assert listed["next_run_at"] is None
    [warning] = [each for each in listed["warnings"] if "calendars" in each]
    assert "not found in 200 steps" in warning
    assert anna.get(f"/tasks/{task['id']}/").get_json()["warnings"] == listed["warnings"]


def test_a_preview_says_that_its_search_stopped(anna: Person, mondays: str) -> None:
    params = {"schedule": [FIFTH_MONDAY] * 20, "calendars": [mondays], "count": 4}
    answer = anna.post("/schedules/preview/", json=params).get_json()
    assert answer["next"] == []
    assert any("stopped after 2,000 steps" in warning for warning in answer["warnings"])


def test_a_preview_of_rare_due_times_finds_all_of_them(anna: Person) -> None:
    params = {"schedule": [FIFTH_MONDAY] * 20, "count": 100}
    answer = anna.post("/schedules/preview/", json=params).get_json()
    assert len(answer["next"]) == 100
    assert all(datetime.fromisoformat(at).isoweekday() == 1 for at in answer["next"])


def test_hints_are_looked_for_as_often_as_faults_are_answered(
    anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_for: list[str] = []

    def near(name: str) -> list[str]:
        looked_for.append(name)
        return []

    monkeypatch.setattr(zone, "_near", near)
    items = [
        {"command": "true", "schedule": {"cron": "@daily", "timezone": f"Europe/Rom{n}"}}
        for n in range(1000)
    ]
    answer = anna.post("/tasks/bulk/", json={"items": items})
    assert answer.status_code == 422
    assert len(answer.get_json()["errors"]) == len(looked_for) <= 100


@pytest.mark.parametrize("at", [FIRST, LAST])
def test_times_at_the_edges_are_taken_or_refused_in_words(anna: Person, at: str) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("/tasks/", {"command": "true", "schedule": {"at": at}, "jitter": 86400}),
        ("/tasks/", {"command": "true", "schedule": {"every": 315360000, "start": at}}),
        ("/tasks/", {"command": "true", "schedule": {"every": 1, "start": at, "end": LAST}}),
        ("/tasks/", {"command": "true", "schedule": [{"at": at}, {"cron": "@daily", "end": at}]}),
        ("/tasks/", {"command": "true", "schedule_time": at, "start_deadline": 31622400}),
        ("/schedules/preview/", {"schedule": {"every": 1}, "from": at}),
        ("/schedules/preview/", {"schedule": {"at": at}, "from": FIRST}),
    ]
    for path, requested in calls:
        answer = anna.post(path, json=requested)
        assert answer.status_code in {200, 201, 422}, (path, requested, answer.json)
    task = anna.task(schedule={"every": 60})["id"]
    other = anna.task(schedule={"cron": "0 2 * * *", "timezone": "Europe/Rome"})["id"]
    for path in (task, other):
        for query in (f"why/?at={at}", f"ledger/?since={at}", f"runs/?since={at}"):
            assert anna.get(f"/tasks/{path}/{query}").status_code in {200, 422}, query
        pause = anna.post(f"/tasks/{path}/pause/", json={"until": at})
        assert pause.status_code in {200, 422}
        backfill = {"from": at, "to": LAST, "dry_run": True}
        assert anna.post(f"/tasks/{path}/backfill/", json=backfill).status_code in {200, 422}
    assert anna.get(f"/runs/?since={at}").status_code in {200, 422}
    assert anna.get(f"/outages/?since={at}").status_code in {200, 422}
    assert anna.get("/tasks/?limit=100").status_code == 200


def test_a_calendar_that_reaches_to_the_edges_is_followed(anna: Person) -> None:
    windows = [{"from": FIRST, "to": LAST}]
    days = ["1970-01-01", "9999-12-31", "0001-01-01"]
    made = anna.post("/calendars/", json={"name": "Ever", "days": days, "windows": windows})
    assert made.status_code == 201, made.json
    task = anna.task(schedule={"every": 1}, calendars=["Ever"])
    assert task["next_run_at"] is None
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert anna.get(f"/tasks/{task['id']}/why/?at={later.replace('+', '%2B')}").status_code == 200
