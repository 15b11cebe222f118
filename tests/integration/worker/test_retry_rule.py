"""A worker asks for another attempt only after the exit codes that are worth one."""

from typing import Any

from sqlalchemy import Engine

from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended
from tests.support.eventually import eventually
from tests.support.rows import dispatch_all, new_run, new_task, run_row


def test_only_listed_exit_codes_are_retried(engine: Engine, start_worker: StartWorker) -> None:
    start_worker(heartbeat_seconds=0.5)
    policy: dict[str, Any] = {"max_retries": 2, "retry_delay": 3000}
    worth_it = new_run(engine, new_task(engine, command="exit 75", retry_on=[75], **policy))
    not_worth = new_run(engine, new_task(engine, command="exit 3", retry_on=[75], **policy))
    dispatch_all(engine)
    run = ended(engine, not_worth)
    assert (run.state, run.attempt) == ("failed", 1)
    assert run.reason == "exit code 3; not retried: only exit codes 75 are retried (retry_on)"
    eventually(lambda: run_row(engine, worth_it).exit_code == 75, within=20)
    assert run_row(engine, worth_it).state == "scheduled"
