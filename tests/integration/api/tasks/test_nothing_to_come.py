"""Schedules of which nothing is to come: the task is idle, and the answer says why."""

from punctual.domain.schedules.advice import NEVER
from tests.integration.api.conftest import Person


def test_a_schedule_that_ends_before_it_is_due_is_idle_and_says_so(anna: Person) -> None:
    new_year = {"cron": "0 0 1 1 *", "timezone": "UTC"}
    bounds = {"start": "2090-01-02T00:00:00Z", "end": "2090-12-31T00:00:00Z"}
    task = anna.task(schedule={**new_year, **bounds})
    assert (task["status"], task["next_run_at"]) == ("idle", None)
    assert task["warnings"] == [NEVER]
    assert anna.items("/tasks/?status=idle") == [task]
    path = f"/tasks/{task['id']}/"
    changed = anna.call("PATCH", path, json={"schedule": new_year}).get_json()
    assert (changed["status"], changed["warnings"]) == ("scheduled", [])
    again = anna.call("PATCH", path, json={"schedule": {**new_year, **bounds}}).get_json()
    assert (again["status"], again["warnings"]) == ("idle", [NEVER])


def test_calendars_that_block_everything_make_a_task_idle_and_a_preview_say_so(
    anna: Person,
) -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    windows = [{"weekday": day, "start": "00:00", "end": "00:00"} for day in days]
    assert anna.post("/calendars/", json={"name": "never", "windows": windows}).status_code == 201
    schedule = {"cron": "0 0 1 1 *"}
    task = anna.task(schedule=schedule, calendars=["never"])
    read = anna.get(f"/tasks/{task['id']}/").get_json()
    for seen in (task, read):
        assert (seen["status"], seen["next_run_at"]) == ("idle", None)
        assert len([text for text in seen["warnings"] if "block every due time" in text]) == 1
    sent = {"schedule": schedule, "calendars": ["never"]}
    preview = anna.post("/schedules/preview/", json=sent).get_json()
    assert preview["next"] == []
    assert len([text for text in preview["warnings"] if "block every due time" in text]) == 1
