"""What a command finds in its environment when a worker runs it: what docs/guide/tasks.md lists."""

import uuid

from sqlalchemy import Engine

from punctual.store.lifecycle.follow import follow
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended, output_of
from tests.support.command_environment import PRINT, defaults, environment
from tests.support.rows import dispatch_all, new_run, new_task, run_row


def test_the_environment_is_what_is_documented_and_nothing_else(
    engine: Engine, start_worker: StartWorker
) -> None:
    start_worker(heartbeat_seconds=0.5)
    task_id = new_task(engine, name="Größe = 1", command=PRINT, env={"MINE": "x"})
    run_id = new_run(engine, task_id)
    dispatch_all(engine)
    assert ended(engine, run_id).state == "succeeded"

    found = environment(output_of(engine, run_id))
    run = run_row(engine, run_id)
    home = found.pop("HOME")
    assert found.pop("PWD", home) == home  # the shell's own
    assert found.pop("PUNCTUAL_FENCE").isdecimal()
    assert found == {
        **defaults(home),
        "MINE": "x",
        "PUNCTUAL_TASK_ID": str(task_id),
        "PUNCTUAL_TASK_NAME": "Größe = 1",
        "PUNCTUAL_RUN_ID": str(run_id),
        "PUNCTUAL_ATTEMPT": "1",
        "PUNCTUAL_SCHEDULED_FOR": run.scheduled_for.isoformat().replace("+00:00", "Z"),
        "PUNCTUAL_TRIGGER": run.trigger,
    }


def test_a_run_that_follows_others_knows_the_last_of_them(
    engine: Engine, start_worker: StartWorker
) -> None:
    start_worker(heartbeat_seconds=0.5)
    last = uuid.UUID(int=0)
    first, second = new_task(engine, command="exit 3"), new_task(engine, command="true")
    edges = [{"task": str(first), "on": "failure"}, {"task": str(second), "on": "success"}]
    show = 'echo "$PUNCTUAL_UPSTREAM_RUN_ID $PUNCTUAL_UPSTREAM_STATE $PUNCTUAL_TRIGGER"'
    new_task(engine, command=show, after=edges)
    for task_id in (second, first):
        last = new_run(engine, task_id)
        dispatch_all(engine)
        ended(engine, last)
    with engine.begin() as connection:
        [run_id] = follow(connection, batch_size=10)
    dispatch_all(engine)
    assert ended(engine, run_id).state == "succeeded"
    assert output_of(engine, run_id).decode().split() == [str(last), "failed", "after"]
