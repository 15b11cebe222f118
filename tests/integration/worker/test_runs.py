"""A worker runs what it is assigned: on time, once, and with its end written down."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, text

from punctual.messaging.broker import Broker
from punctual.store.lifecycle.cancel import cancel_run
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended, publish
from tests.support.eventually import eventually
from tests.support.rows import new_run, new_task, new_team, run_row


def test_a_run_starts_on_its_instant_and_its_output_is_kept(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker()
    run_id = new_run(engine, new_task(engine, command="printf 'hi\\000'; echo no >&2"), due_in=1)
    publish(engine, broker)
    run = ended(engine, run_id)
    assert (run.state, run.exit_code, run.attempt) == ("succeeded", 0, 1)
    assert run.started_at >= run.due_at
    assert run.lateness_ms >= 0
    assert run.finished_at >= run.started_at
    with engine.connect() as connection:
        output = connection.execute(text("SELECT data, segments FROM outputs")).one()
    assert bytes(output.data) == b"hi\0no\n"
    assert output.segments == [3, -3]


def test_more_runs_than_slots_all_run(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker(slots=2)
    team_id = new_team(engine)
    runs = [new_run(engine, new_task(engine, team_id=team_id)) for _ in range(15)]
    publish(engine, broker)
    assert {ended(engine, run_id).state for run_id in runs} == {"succeeded"}


def test_the_reason_says_how_it_ended(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker(kill_grace_seconds=0.2)
    stories: list[tuple[str, dict[str, Any], tuple[object, ...]]] = [
        ("exit 3", {}, ("failed", 3, None, "exit code 3")),
        ("kill -9 $$", {}, ("failed", None, 9, "killed by SIGKILL")),
        (
            "trap '' TERM; while :; do sleep 1; done",
            {"timeout": 0.3},
            ("timed_out", None, 9, "timed out after 0.3 s"),
        ),
        (
            "true",
            {"working_dir": "/no/such/place"},
            ("failed", None, None, "working directory '/no/such/place': No such file or directory"),
        ),
    ]
    ends = {
        new_run(engine, new_task(engine, command=command, **more)): expected
        for command, more, expected in stories
    }
    publish(engine, broker)
    found = {run_id: ended(engine, run_id) for run_id in ends}
    outcomes = {
        id_: (run.state, run.exit_code, run.signal, run.reason) for id_, run in found.items()
    }
    assert outcomes == ends


def test_a_cancelled_run_is_killed_at_once(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker(heartbeat_seconds=9)  # so that only the wake-up can be the reason
    team_id = new_team(engine)
    run_id = new_run(engine, new_task(engine, team_id=team_id, command="sleep 100"))
    publish(engine, broker)
    eventually(lambda: run_row(engine, run_id).started_at is not None)
    with engine.begin() as connection:
        assert cancel_run(connection, run_id=run_id, team_id=team_id) == "requested"
    run = ended(engine, run_id)
    assert (run.state, run.reason) == ("cancelled", "cancelled while it ran")
    assert run.finished_at - run.cancel_requested_at < timedelta(seconds=8)
