"""Tasks over REST: saved as sent, changed as asked, refused with reasons."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.integration.api.conftest import Person, end_run, run_sql, start_run

DEFAULTS: dict[str, Any] = {
    "schedule": None,
    "max_retries": 3,
    "retry_delay": 10,
    "retry_delay_max": 3600,
    "timeout": 3600,
    "end_grace": None,
    "env": {},
    "working_dir": None,
    "tags": [],
    "metadata": {},
    "overlap": "skip",
    "catch_up": "latest",
    "start_deadline": None,
    "priority": 5,
    "max_runs": None,
    "jitter": 0,
    "limits": {
        "processes": None,
        "memory_bytes": None,
        "file_bytes": None,
        "disk_bytes": None,
    },
}
EVERYTHING: dict[str, Any] = {
    "name": "Nightly é",
    "command": "make report\necho done",
    "schedule": {"cron": "0 2 * * 1-5", "timezone": "Europe/Rome"},
    "max_retries": 0,
    "retry_delay": 0.5,
    "retry_delay_max": 60,
    "timeout": 12.5,
    "end_grace": 0.5,
    "env": {"LANG": "it_IT.UTF-8", "_X1": ""},
    "working_dir": "/srv",
    "tags": ["night", "report"],
    "metadata": {"team": {"id": 7, "ok": [True, None, 1.5, "ü"]}},
    "overlap": "queue",
    "catch_up": "all",
    "start_deadline": 600,
    "priority": 9,
    "max_runs": 1000,
    "jitter": 0.5,
    "limits": {"processes": 64, "memory_bytes": 2**30, "file_bytes": 1, "disk_bytes": 1},
}


def test_a_creation_answers_what_reading_the_task_answers(anna: Person) -> None:
    long_ago = {"schedule": [{"at": "2001-01-01T00:00:00Z"}, {"every": 60}]}
    for sent in (EVERYTHING, {"command": "true"}, {"command": "true", **long_ago}):
        created = anna.task(**sent)
        assert anna.get(f"/tasks/{created['id']}/").json == created


def test_a_task_and_its_run_have_the_fields_that_are_described(
    anna: Person, client: FlaskClient
) -> None:
    described = client.get("/api/openapi.json").get_json()["components"]["schemas"]
    task = anna.task()
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    assert set(task) == set(described["Task"]["properties"])
    assert set(run) == set(described["Run"]["properties"])
    assert set(anna.items("/tasks/")[0]["last_run"] or run) == set(run)


def test_a_task_has_documented_defaults(anna: Person) -> None:
    task = anna.task(command="  echo hello\necho again")
    assert {key: task[key] for key in DEFAULTS} == DEFAULTS
    assert task["name"] == "echo hello"
    assert task["status"] == "idle"
    assert task["enabled"] is True
    assert task["version"] == 1
    assert task["next_run_at"] is None
    assert task["last_run"] is None
    assert task["retries"] == 0


def test_a_long_command_gives_a_short_name(anna: Person) -> None:
    name = anna.task(command="x" * 500)["name"]
    assert len(name) == 80
    assert name.endswith("…")


def test_everything_sent_is_answered(anna: Person) -> None:
    created = anna.post("/tasks/", json=EVERYTHING)
    assert created.status_code == 201
    document = created.get_json()
    assert {key: document[key] for key in EVERYTHING} == EVERYTHING
    path = created.headers["Location"].removeprefix("/api")
    assert path == f"/tasks/{document['id']}/"
    assert anna.get(path).get_json() == document


def test_the_location_is_a_uri_wherever_the_app_is_mounted(anna: Person) -> None:
    below = {"SCRIPT_NAME": "/für uns".encode().decode("latin-1")}
    created = anna.post("/tasks/", json={"command": "true"}, environ_overrides=below)
    assert created.status_code == 201
    where = f"/f%C3%BCr%20uns/api/tasks/{created.get_json()['id']}/"
    assert created.headers["Location"] == where
    assert int(created.headers["Content-Length"]) == len(created.data)


def test_schedule_time_is_short_for_at_and_answers_in_utc(anna: Person) -> None:
    task = anna.task(schedule_time="2099-06-01T12:00:00.250000+02:00")
    assert task["schedule"] == {"at": "2099-06-01T10:00:00.250000Z"}
    assert task["next_run_at"] == "2099-06-01T10:00:00.250000Z"


def test_a_time_in_the_past_is_due_at_once(anna: Person) -> None:
    assert anna.task(schedule_time="2020-01-01T00:00:00Z")["next_run_at"] == "2020-01-01T00:00:00Z"


def test_a_put_resets_what_it_does_not_name(anna: Person) -> None:
    task = anna.task(**EVERYTHING)
    answer = anna.call("PUT", f"/tasks/{task['id']}/", json={"command": "true"})
    assert answer.status_code == 200
    document = answer.get_json()
    assert {key: document[key] for key in DEFAULTS} == DEFAULTS
    assert document["name"] == "true"
    assert document["version"] == 2


def test_a_patch_keeps_what_it_does_not_name(anna: Person) -> None:
    task = anna.task(**EVERYTHING)
    answer = anna.call("PATCH", f"/tasks/{task['id']}/", json={"schedule": {"every": 60}})
    document = answer.get_json()
    assert {**document, "schedule": None, "next_run_at": None} == {
        **task,
        "schedule": None,
        "next_run_at": None,
        "version": 2,
        "updated_at": document["updated_at"],
        "warnings": document["warnings"],
    }
    assert document["schedule"] == {"every": 60}


def test_a_null_schedule_means_by_hand(anna: Person) -> None:
    task = anna.task(schedule={"every": 60})
    assert task["next_run_at"] is not None
    answer = anna.call("PATCH", f"/tasks/{task['id']}/", json={"schedule": None})
    assert answer.get_json()["next_run_at"] is None


def test_an_interval_sent_again_keeps_its_beat(anna: Person) -> None:
    task = anna.task(schedule={"every": 3600})
    path = f"/tasks/{task['id']}/"
    again = anna.call("PUT", path, json={"command": "false", "schedule": {"every": 3600}})
    assert again.get_json()["next_run_at"] == task["next_run_at"]
    other = anna.call("PATCH", path, json={"schedule": {"every": 7200}})
    assert other.get_json()["next_run_at"] > task["next_run_at"]


def test_a_version_guards_against_lost_updates(anna: Person) -> None:
    task = anna.task()
    path = f"/tasks/{task['id']}/"
    assert anna.get(path).headers["ETag"] == '"1"'

    def patch(if_match: str) -> int:
        headers = {"If-Match": if_match}
        return anna.call("PATCH", path, json={"name": "new"}, headers=headers).status_code

    assert patch('"1"') == 200
    assert patch('"1"') == 412
    assert patch('W/"2"') == 200
    assert patch('"7", "3"') == 200
    assert patch("*") == 200
    assert anna.call("DELETE", path, headers={"If-Match": '"1"'}).status_code == 412
    assert anna.get(path).get_json()["version"] == 5


def test_a_task_is_answered_in_full_also_with_its_version(anna: Person) -> None:
    path = f"/tasks/{anna.task()['id']}/"
    run = anna.post(f"{path}run/").get_json()
    anna.post(f"/runs/{run['id']}/cancel/")
    answer = anna.get(path, headers={"If-None-Match": '"1"'})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"1"'
    assert answer.get_json()["status"] == "cancelled"


def test_a_paused_task_has_nothing_ahead_until_it_is_resumed(anna: Person) -> None:
    task = anna.task(schedule={"every": 3600})
    path = f"/tasks/{task['id']}"
    paused = anna.post(f"{path}/pause/").get_json()
    assert (paused["status"], paused["enabled"], paused["next_run_at"]) == ("paused", False, None)
    resumed = anna.post(f"{path}/resume/").get_json()
    assert (resumed["status"], resumed["enabled"]) == ("scheduled", True)
    assert resumed["next_run_at"] == task["next_run_at"]


def test_a_deleted_task_is_gone_and_its_cancelled_runs_stay_listed(anna: Person) -> None:
    task = anna.task()
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    deleted = anna.call("DELETE", f"/tasks/{task['id']}/")
    assert (deleted.status_code, deleted.data) == (204, b"")
    for method in ("GET", "DELETE"):
        assert anna.call(method, f"/tasks/{task['id']}/").status_code == 404
    assert anna.items("/tasks/") == []
    assert anna.get(f"/runs/{run['id']}/").get_json()["state"] == "cancelled"
    assert [one["id"] for one in anna.items(f"/tasks/{task['id']}/runs/")] == [run["id"]]
    assert anna.post(f"/runs/{run['id']}/retry/").status_code == 409


def test_a_status_shows_where_the_runs_of_a_task_stand(anna: Person, engine: Engine) -> None:
    task = anna.task()

    def seen() -> tuple[str, str | None, str | None]:
        now = anna.get(f"/tasks/{task['id']}/").get_json()
        assert [one["id"] for one in anna.items(f"/tasks/?status={now['status']}")] == [task["id"]]
        last = now["last_run"]
        return now["status"], now["next_run_at"], last and last["state"]

    assert seen() == ("idle", None, None)
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    assert seen() == ("scheduled", run["scheduled_for"], None)
    run_sql(engine, "UPDATE runs SET state = 'queued'")
    assert seen() == ("queued", run["scheduled_for"], None)
    run_sql(engine, "UPDATE runs SET state = 'claimed', fence = 1")
    assert seen() == ("queued", run["scheduled_for"], None)
    run_sql(engine, "UPDATE runs SET state = 'running', attempt = 1, started_at = now()")
    assert seen() == ("running", None, "running")
    end_run(engine, run["id"], "failed", 1)
    assert seen() == ("failed", None, "failed")


def test_a_task_counts_the_retries_of_its_last_run(anna: Person, engine: Engine) -> None:
    task = anna.task()
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    start_run(engine, run["id"])
    run_sql(engine, "UPDATE runs SET state = 'scheduled', fence = fence + 1")
    start_run(engine, run["id"])
    assert anna.get(f"/tasks/{task['id']}/").get_json()["retries"] == 1


def test_a_task_due_within_the_window_wakes_a_coordinator(anna: Person, engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        listening = connection.connection.driver_connection
        assert listening is not None
        connection.exec_driver_sql("LISTEN punctual_due")
        soon = datetime.now(UTC) + timedelta(seconds=20)
        anna.task(schedule_time=(soon + timedelta(seconds=60)).isoformat())
        connection.exec_driver_sql("SELECT 1")
        assert listening.notifies == []
        anna.task(schedule_time=soon.isoformat())
        connection.exec_driver_sql("SELECT 1")
        assert len(listening.notifies) == 1
        connection.exec_driver_sql("UNLISTEN *")


def test_warnings_tell_what_a_schedule_may_surprise_with(anna: Person) -> None:
    assert anna.task(schedule={"cron": "0 0 13 * 5"})["warnings"] != []
    assert anna.task(schedule={"every": 86400})["warnings"] == []
