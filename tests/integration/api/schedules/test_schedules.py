"""Schedules over REST, tried out before a task is saved."""

from typing import Any

import pytest

from tests.integration.api.conftest import Person

FROM = "2026-03-27T00:00:00Z"


def preview(anna: Person, **values: Any) -> dict[str, Any]:
    answer = anna.post("/schedules/preview/", json=values)
    assert answer.status_code == 200, answer.json
    document: dict[str, Any] = answer.get_json()
    return document


def test_a_preview_says_in_words_when_and_what_may_surprise(anna: Person) -> None:
    schedule = {"cron": "30 2 * * *", "timezone": "Europe/Rome"}
    seen = preview(anna, schedule=schedule, **{"from": FROM}, count=3)
    assert seen["description"] == "Every day at 02:30 (Europe/Rome)"
    assert seen["next"] == ["2026-03-27T01:30:00Z", "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z"]
    assert "2026-03-29" in seen["warnings"][0]
    assert anna.items("/tasks/") == []


def test_a_preview_begins_with_the_instant_it_is_asked_from(anna: Person) -> None:
    seen = preview(anna, schedule={"cron": "0 0 * * *"}, **{"from": FROM})
    assert seen["next"][0] == FROM
    assert len(seen["next"]) == 5


def test_a_preview_of_an_interval_counts_from_where_it_begins(anna: Person) -> None:
    seen = preview(anna, schedule={"every": 90}, count=2, **{"from": FROM})
    assert seen == {
        "description": "Every 1 minute 30 seconds",
        "next": ["2026-03-27T00:01:30Z", "2026-03-27T00:03:00Z"],
        "warnings": [],
    }


def test_a_preview_of_what_is_due_once_or_by_hand_ends(anna: Person) -> None:
    assert preview(anna, schedule={"at": "2099-01-01T00:00:00Z"})["next"] == [
        "2099-01-01T00:00:00Z"
    ]
    past = preview(anna, schedule={"at": "2020-01-01T00:00:00Z"})
    assert past["next"] == []
    assert "runs at once" in past["warnings"][0]
    by_hand = preview(anna, schedule=None)
    assert by_hand == {"description": "Only by hand", "next": [], "warnings": []}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"schedule": {"cron": "0 0 30 2 *"}}, "/schedule/cron"),
        ({"schedule": {"every": 0}}, "/schedule/every"),
        ({"count": 0}, "/count"),
        ({"count": 101}, "/count"),
        ({"count": "5"}, "/count"),
        ({"from": "2026-03-27T00:00:00"}, "/from"),
        ({"from": "9500-01-01T00:00:00Z"}, "/from"),
        ({"until": FROM}, "/until"),
    ],
)
def test_a_preview_refuses_what_a_task_would(
    anna: Person, change: dict[str, Any], pointer: str
) -> None:
    answer = anna.post("/schedules/preview/", json={"schedule": {"every": 60}, **change})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


def test_a_default_timeout_is_no_reason_to_warn(anna: Person) -> None:
    assert anna.task(schedule={"every": 60}, max_retries=0)["warnings"] == []
    [warning] = anna.task(schedule={"every": 60}, timeout=61, max_retries=0)["warnings"]
    assert "timeout" in warning


def test_a_task_may_have_several_schedules_each_with_its_bounds(anna: Person) -> None:
    several = [
        {"cron": "0 9 * * 1-5", "timezone": "Europe/Rome"},
        {"every": 3600, "start": "2098-01-01T00:00:00Z", "end": "2098-01-02T00:00:00Z"},
        {"at": "2099-01-01T00:00:00Z"},
    ]
    task = anna.task(schedule=several)
    assert task["schedule"] == several
    assert task["next_run_at"] is not None
    path = f"/tasks/{task['id']}/"
    fewer = anna.call("PATCH", path, json={"schedule": several[2:]}).get_json()
    assert fewer["next_run_at"] == "2099-01-01T00:00:00Z"
    over = {"every": 60, "end": "2020-01-01T00:00:00Z"}
    assert anna.call("PATCH", path, json={"schedule": over}).get_json()["next_run_at"] is None


def test_a_past_time_in_a_list_runs_at_once(anna: Person) -> None:
    task = anna.task(schedule=[{"at": "2020-01-01T00:00:00Z"}, {"at": "2099-01-01T00:00:00Z"}])
    [run] = anna.items(f"/tasks/{task['id']}/runs/")
    assert (run["scheduled_for"], run["state"]) == ("2020-01-01T00:00:00Z", "scheduled")


def test_a_fault_in_a_list_is_reported_at_its_place(anna: Person) -> None:
    sent = {"command": "true", "schedule": [{"every": 60}, {"cron": "61 * * * *"}]}
    answer = anna.post("/tasks/", json=sent)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["/schedule/1/cron"]


def test_a_preview_takes_a_list(anna: Person) -> None:
    several = [{"cron": "0 0 * * *"}, {"at": "2026-03-27T12:00:00Z"}]
    seen = preview(anna, schedule=several, count=3, **{"from": FROM})
    assert seen["next"] == [FROM, "2026-03-27T12:00:00Z", "2026-03-28T00:00:00Z"]


def test_jitter_shows_in_the_next_run(anna: Person) -> None:
    task = anna.task(schedule={"at": "2099-01-01T00:00:00Z"}, jitter=3600)
    assert "2099-01-01T00:00:00Z" < task["next_run_at"] < "2099-01-01T01:00:00Z"


def test_a_task_that_has_had_its_runs_says_so(anna: Person) -> None:
    past = [{"at": "2020-01-01T00:00:00Z"}, {"every": 3600}]
    task = anna.task(schedule=past, max_runs=1)
    assert (task["planned_runs"], task["max_runs"]) == (1, 1)
    assert "max_runs" in task["warnings"][0]
    path = f"/tasks/{task['id']}/"
    anna.post(f"/runs/{anna.items(f'{path}runs/')[0]['id']}/cancel/")
    assert anna.get(path).get_json()["next_run_at"] is None
    more = anna.call("PATCH", path, json={"max_runs": 2}).get_json()
    assert more["next_run_at"] is not None
    assert more["warnings"] == []


def test_a_pause_may_have_an_end_and_a_resume_forgets_it(anna: Person) -> None:
    path = f"/tasks/{anna.task(schedule={'every': 60})['id']}"
    paused = anna.post(f"{path}/pause/", json={"until": "2099-01-01T01:00:00+01:00"}).get_json()
    assert (paused["status"], paused["paused_until"]) == ("paused", "2099-01-01T00:00:00Z")
    assert paused["next_run_at"] is None
    resumed = anna.post(f"{path}/resume/").get_json()
    assert (resumed["status"], resumed["paused_until"]) == ("scheduled", None)
    assert resumed["next_run_at"] is not None
    anna.post(f"{path}/pause/", json={"until": "2099-01-01T00:00:00Z"})
    assert anna.post(f"{path}/pause/").get_json()["paused_until"] is None


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"until": "2099-01-01T00:00:00"}, "/until"),
        ({"till": "2099-01-01T00:00:00Z"}, "/till"),
    ],
)
def test_a_pause_that_makes_no_sense_is_refused(
    anna: Person, sent: dict[str, str], pointer: str
) -> None:
    task = anna.task(schedule={"every": 60})
    answer = anna.post(f"/tasks/{task['id']}/pause/", json=sent)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert anna.get(f"/tasks/{task['id']}/").get_json()["enabled"] is True
