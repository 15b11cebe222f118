"""Runs over REST: listed attempt by attempt, cancelled, retried, and read as bytes."""

import uuid

import pytest
from sqlalchemy import Engine

from tests.integration.api.conftest import Person, end_run, run_sql, start_run
from tests.support.rows import new_run, run_row
from tests.support.steps import new_worker

RUN = {
    *("id", "task_id", "state", "scheduled_for", "trigger", "attempt", "max_attempts"),
    *("started_at", "finished_at", "lateness_ms", "exit_code", "signal", "reason", "worker"),
    *("output_bytes", "output_truncated", "left_behind", "params", "queue"),
    *("reason_code", "reason_args", "waiting_for", "team", "triggered_by"),
}


@pytest.fixture
def run_id(anna: Person) -> str:
    """A run of Anna's that is scheduled."""
    task = anna.task(max_retries=1)
    answer = anna.post(f"/tasks/{task['id']}/run/")
    assert answer.status_code == 202
    made: str = answer.get_json()["id"]
    return made


def test_run_now_answers_a_manual_run_also_of_a_paused_task(anna: Person) -> None:
    task = anna.task()
    anna.post(f"/tasks/{task['id']}/pause/")
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    assert set(run) == RUN
    assert (run["state"], run["trigger"], run["attempt"]) == ("scheduled", "manual", 0)


def test_a_running_attempt_is_listed_and_stays_listed_when_it_has_ended(
    anna: Person, engine: Engine, run_id: str
) -> None:
    assert anna.get(f"/runs/{run_id}/").get_json()["attempts"] == []
    start_run(engine, run_id)
    running = anna.get(f"/runs/{run_id}/").get_json()
    assert set(running) == RUN | {"attempts"}
    assert [(a["attempt"], a["state"], a["late"]) for a in running["attempts"]] == [
        (1, "running", False)
    ]
    end_run(engine, run_id, "failed", 3)
    ended = anna.get(f"/runs/{run_id}/").get_json()
    assert [(a["attempt"], a["state"], a["exit_code"]) for a in ended["attempts"]] == [
        (1, "failed", 3)
    ]
    assert ended["lateness_ms"] == 1.5


def test_cancel_ends_a_run_that_has_not_started(anna: Person, run_id: str) -> None:
    answer = anna.post(f"/runs/{run_id}/cancel/")
    assert (answer.status_code, answer.get_json()["state"]) == (202, "cancelled")
    assert anna.post(f"/runs/{run_id}/cancel/").status_code == 409


def test_cancel_of_a_running_run_is_a_request_to_its_worker(
    anna: Person, engine: Engine, run_id: str
) -> None:
    start_run(engine, run_id)
    answer = anna.post(f"/runs/{run_id}/cancel/")
    assert (answer.status_code, answer.get_json()["state"]) == (202, "running")
    with engine.connect() as connection:
        statement = "SELECT count(*) FROM runs WHERE cancel_requested_at IS NOT NULL"
        assert connection.exec_driver_sql(statement).scalar_one() == 1


def test_retry_makes_a_new_run_of_a_final_one(anna: Person, run_id: str) -> None:
    assert anna.post(f"/runs/{run_id}/retry/").status_code == 409
    anna.post(f"/runs/{run_id}/cancel/")
    answer = anna.post(f"/runs/{run_id}/retry/")
    assert answer.status_code == 202
    assert answer.get_json()["trigger"] == "retry"
    assert answer.get_json()["id"] != run_id


def write(engine: Engine, run_id: str, data: bytes, segments: list[int], **more: int) -> None:
    """Store what the first attempt wrote, as a worker does."""
    run_sql(
        engine,
        "INSERT INTO outputs (run_id, attempt, data, segments, head_bytes)"
        " VALUES (:id, :attempt, :data, :segments, :head)",
        id=run_id,
        attempt=more.get("attempt", 1),
        data=data,
        segments=segments,
        head=more.get("head", len(data)),
    )
    run_sql(
        engine,
        "UPDATE runs SET output_bytes = :bytes WHERE id = :id",
        id=run_id,
        bytes=more.get("written", len(data)),
    )


def test_output_is_answered_byte_by_byte_and_never_as_a_page(
    anna: Person, engine: Engine, run_id: str
) -> None:
    start_run(engine, run_id)
    write(engine, run_id, b"out\0\xff<script>err", [13, -3])
    answer = anna.get(f"/runs/{run_id}/output/")
    assert answer.data == b"out\0\xff<script>err"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == "inline"
    assert "X-Output-Truncated" not in answer.headers
    assert anna.get(f"/runs/{run_id}/output/?stream=stdout").data == b"out\0\xff<script>"
    assert anna.get(f"/runs/{run_id}/output/?stream=stderr").data == b"err"
    assert anna.get(f"/runs/{run_id}/output/?stream=both").status_code == 422


def test_a_cut_is_marked_where_it_was_made(anna: Person, engine: Engine, run_id: str) -> None:
    start_run(engine, run_id)
    write(engine, run_id, b"headtail!!", [8, -2], head=4, written=110)
    answer = anna.get(f"/runs/{run_id}/output/")
    assert answer.get_data(as_text=True) == "head\n[… 100 bytes left out …]\ntail!!"
    assert answer.headers["X-Output-Truncated"] == "true"
    one = anna.get(f"/runs/{run_id}/output/?stream=stderr").get_data(as_text=True)
    assert one == "\n[… up to 100 bytes left out …]\n!!"


def test_output_is_by_default_that_of_the_last_attempt_that_wrote(
    anna: Person, engine: Engine, run_id: str
) -> None:
    assert anna.get(f"/runs/{run_id}/output/").data == b""
    start_run(engine, run_id)
    write(engine, run_id, b"first", [5])
    run_sql(engine, "UPDATE runs SET state = 'scheduled', fence = fence + 1")
    start_run(engine, run_id)
    assert anna.get(f"/runs/{run_id}/output/").data == b"first"
    assert anna.get(f"/runs/{run_id}/output/?attempt=2").data == b""
    write(engine, run_id, b"second", [6], attempt=2)
    assert anna.get(f"/runs/{run_id}/output/").data == b"second"
    assert anna.get(f"/runs/{run_id}/output/?attempt=1").data == b"first"
    assert anna.get(f"/runs/{run_id}/output/?attempt=3").status_code == 404
    assert anna.get(f"/runs/{run_id}/output/?attempt=0").status_code == 422


@pytest.mark.parametrize("again", ["run", "retry"])
def test_a_run_asked_for_twice_under_one_key_is_made_once(anna: Person, again: str) -> None:
    task = anna.task()
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    anna.post(f"/runs/{run['id']}/cancel/")
    path = f"/tasks/{task['id']}/run/" if again == "run" else f"/runs/{run['id']}/retry/"
    first, second = (anna.post(path, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.get_json() == first.get_json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(anna.items("/runs/")) == 2
    other = anna.post(path, json={"params": {}}, headers={"Idempotency-Key": "l"})
    assert other.get_json()["id"] != first.get_json()["id"]


def test_a_run_that_waits_says_for_what_alone_and_in_a_list(anna: Person, engine: Engine) -> None:
    task = anna.task(overlap="allow", max_concurrent=1)
    start_run(engine, anna.post(f"/tasks/{task['id']}/run/").get_json()["id"])
    waits = anna.post(f"/tasks/{task['id']}/run/").get_json()["id"]
    new_worker(engine)
    expected = {
        "code": "limit",
        "args": {"task_id": task["id"], "max_concurrent": 1},
        "sentence": "this task has reached its limit of 1 concurrent run",
    }
    assert anna.get(f"/runs/{waits}/").get_json()["waiting_for"] == expected
    listed = anna.get("/runs/").get_json()["items"]
    assert [item["waiting_for"] for item in listed] == [expected, None]


def test_a_retry_that_waits_says_for_what_in_its_task_and_its_reason_too(
    anna: Person, engine: Engine
) -> None:
    task = anna.task(schedule={"cron": "* * * * *"}, queue="gpu")
    run = new_run(engine, uuid.UUID(task["id"]), due_in=-5)
    start_run(engine, str(run))
    run_sql(engine, "UPDATE runs SET state = 'scheduled', fence = fence + 1 WHERE id = :id", id=run)
    expected = {
        "code": "no_worker",
        "args": {"queue": "gpu"},
        "sentence": "no worker serves queue gpu",
    }
    due = run_row(engine, run).scheduled_for.isoformat()
    [listed] = anna.items("/tasks/")
    read = anna.get(f"/tasks/{task['id']}/").get_json()
    why = anna.get(f"/tasks/{task['id']}/why/", query_string={"at": due}).get_json()
    assert [listed["last_run"]["id"], why["run"]["id"]] == [str(run), str(run)]
    for shown in (listed["last_run"], read["last_run"], why["run"]):
        assert shown["waiting_for"] == expected
