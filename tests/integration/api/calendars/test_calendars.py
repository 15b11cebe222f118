"""Calendars over the API: kept, shared by tasks, followed by what is due next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.api.conftest import Person

WEEKEND: dict[str, Any] = {
    "name": "Weekend",
    "timezone": "Europe/Rome",
    "days": ["2027-12-26", "2027-12-25"],
    "windows": [
        {"weekday": "sat", "start": "22:00", "end": "06:00"},
        {"from": "2027-01-01T00:00:00+01:00", "to": "2027-01-02T00:00:00+01:00"},
    ],
}


def new(person: Person, **values: Any) -> dict[str, Any]:
    answer = person.post("/calendars/", json={**WEEKEND, **values})
    assert answer.status_code == 201, answer.json
    assert person.client.get(answer.headers["Location"], headers=person.headers).status_code == 200
    calendar: dict[str, Any] = answer.get_json()
    return calendar


def always() -> list[dict[str, str]]:
    """Windows that hold the coming year."""
    now = datetime.now(UTC)
    return [{"from": now.isoformat(), "to": (now + timedelta(days=365)).isoformat()}]


def test_a_calendar_is_kept_in_order_and_in_utc(anna: Person) -> None:
    calendar = new(anna)
    assert calendar["days"] == ["2027-12-25", "2027-12-26"]
    assert calendar["windows"][1] == {"from": "2026-12-31T23:00:00Z", "to": "2027-01-01T23:00:00Z"}
    assert [one["name"] for one in anna.items("/calendars/")] == ["Weekend"]


def test_a_name_is_taken_once_in_each_team(anna: Person, ben: Person) -> None:
    new(anna)
    assert anna.post("/calendars/", json=WEEKEND).status_code == 409
    other = new(anna, name="Other")
    answer = anna.call("PUT", f"/calendars/{other['id']}/", json=WEEKEND)
    assert answer.status_code == 409
    new(ben)


def test_no_other_user_sees_names_or_changes_it(anna: Person, ben: Person) -> None:
    path = f"/calendars/{new(anna)['id']}/"
    for method in ("GET", "PUT", "DELETE"):
        options = {"json": WEEKEND} if method == "PUT" else {}
        assert ben.call(method, path, **options).status_code == 404
    sent = {"command": "true", "calendars": ["Weekend"]}
    assert ben.post("/tasks/", json=sent).status_code == 422
    assert ben.items("/calendars/") == []


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"timezone": "Europe/Roma"}, "/timezone"),
        ({"days": ["soon"]}, "/days/0"),
        ({"windows": [{"weekday": "sat"}]}, "/windows/0"),
        ({"kind": "blackout"}, "/kind"),
    ],
)
def test_each_mistake_is_named_at_its_place(
    anna: Person, values: dict[str, Any], pointer: str
) -> None:
    answer = anna.post("/calendars/", json={**WEEKEND, **values})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer


def test_a_task_names_calendars_that_there_are(anna: Person) -> None:
    new(anna)
    assert anna.task(calendars=["Weekend", "Weekend"])["calendars"] == ["Weekend"]
    assert anna.task(calendars=[])["calendars"] is None
    wrong = {"command": "true", "calendars": ["Weekend", "Weekday"]}
    for answer, pointer in (
        (anna.post("/tasks/", json=wrong), "/calendars/1"),
        (anna.post("/tasks/bulk/", json={"items": [wrong]}), "/items/0/calendars/1"),
        (
            anna.call("PATCH", f"/tasks/{anna.task()['id']}/", json={"calendars": ["No"]}),
            "/calendars/0",
        ),
    ):
        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["pointer"] == pointer


def test_a_blocked_due_time_is_not_due_next_and_why_says_so(anna: Person) -> None:
    path = f"/calendars/{new(anna, windows=always())['id']}/"
    task = anna.task(schedule={"every": 3600}, calendars=["Weekend"])
    next_run_at = datetime.fromisoformat(task["next_run_at"])
    assert next_run_at > datetime.now(UTC) + timedelta(days=364)
    soon = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    reason = anna.get(f"/tasks/{task['id']}/why/", query_string={"at": soon}).get_json()
    assert reason["verdict"] == "held"
    assert 'Held: blocked by calendar "Weekend".' in reason["sentence"]
    assert anna.call("PUT", path, json={**WEEKEND, "windows": []}).status_code == 200
    again = anna.get(f"/tasks/{task['id']}/").get_json()
    assert datetime.fromisoformat(again["next_run_at"]) < datetime.now(UTC) + timedelta(hours=2)


def test_a_task_that_is_never_due_any_more_is_warned_of(anna: Person) -> None:
    windows = [
        {"weekday": day, "start": "00:00", "end": "00:00"}
        for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    ]
    new(anna, windows=windows)
    task = anna.task(schedule={"cron": "0 3 * * *"}, calendars=["Weekend"])
    assert task["next_run_at"] is None
    assert "Calendars block every due time that is left." in task["warnings"]


def test_a_preview_leaves_out_blocked_due_times(anna: Person) -> None:
    new(anna)
    sent = {"schedule": {"cron": "0 12 * * *"}, "from": "2027-12-24T00:00:00Z", "count": 2}
    answer = anna.post("/schedules/preview/", json={**sent, "calendars": ["Weekend"]})
    assert answer.get_json()["next"] == ["2027-12-24T12:00:00Z", "2027-12-27T12:00:00Z"]
    assert anna.post("/schedules/preview/", json={**sent, "calendars": ["x"]}).status_code == 422


def test_a_calendar_in_use_is_not_deleted(anna: Person) -> None:
    path = f"/calendars/{new(anna)['id']}/"
    task = anna.task(calendars=["Weekend"])
    assert anna.call("DELETE", path).status_code == 409
    anna.call("PATCH", f"/tasks/{task['id']}/", json={"calendars": None})
    assert anna.call("DELETE", path).status_code == 204
    assert anna.get(path).status_code == 404


def test_a_listed_time_in_the_past_that_is_blocked_makes_no_run(anna: Person) -> None:
    new(anna)
    blocked, free = "2000-01-01T22:30:00Z", "2000-01-04T00:00:00Z"
    listed = {"schedule": [{"at": blocked}, {"at": free}], "calendars": ["Weekend"], "max_runs": 1}
    created = anna.task(**listed)
    changed = anna.task()
    answer = anna.call("PATCH", f"/tasks/{changed['id']}/", json=listed)
    assert answer.status_code == 200
    for task in (created, answer.get_json()):
        path = f"/tasks/{task['id']}"
        assert task["planned_runs"] == 1
        assert [run["scheduled_for"] for run in anna.items(f"{path}/runs/")] == [free]
        noted = [(row["due_time"], row["reason"]) for row in anna.items(f"{path}/ledger/")]
        assert noted == [(blocked, "held")]
