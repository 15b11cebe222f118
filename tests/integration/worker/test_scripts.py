"""A worker runs scripts by the interpreters it allows, and says so when it cannot."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, Row, text

from punctual.store.processes.workers import interpreters_of_active
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended
from tests.support.rows import dispatch_all, new_run, new_task

RunScript = Callable[..., Row[Any]]


@pytest.fixture
def run_script(engine: Engine, start_worker: StartWorker) -> RunScript:
    """Runs a script on a worker that allows three interpreters, one of which is not there."""
    start_worker(heartbeat_seconds=0.5, interpreters="sh, python3,no-such-interpreter")

    def run(interpreter: str, body: str, retries: int = 0) -> Row[Any]:
        script = {"interpreter": interpreter, "body": body}
        run_id = new_run(engine, new_task(engine, command="", script=script, max_retries=retries))
        dispatch_all(engine)
        return ended(engine, run_id)

    return run


def output(engine: Engine) -> str:
    with engine.connect() as connection:
        return bytes(connection.execute(text("SELECT data FROM outputs")).scalar_one()).decode()


def test_a_script_runs_as_it_was_written(engine: Engine, run_script: RunScript) -> None:
    body = "import os\nprint(r'''a \"b\" $HOME `id` 'é' \\n''')\nprint(os.listdir(os.getcwd()))"
    assert run_script("python3", body).state == "succeeded"
    assert output(engine) == "a \"b\" $HOME `id` 'é' \\n\n[]\n"


def test_only_its_user_reads_its_file_and_its_exit_code_counts(
    engine: Engine, run_script: RunScript
) -> None:
    run = run_script("sh", 'stat -c %a "$0"\nexit 3')
    assert (run.state, run.exit_code, run.reason) == ("failed", 3, "exit code 3")
    assert output(engine) == "600\n"


@pytest.mark.parametrize(
    ("interpreter", "reason"),
    [
        ("ruby", "is not allowed on this worker (PUNCTUAL_INTERPRETERS: sh, python3,"),
        ("no-such-interpreter", "is not installed on this worker"),
    ],
)
def test_an_interpreter_that_cannot_be_had_fails_the_run_and_names_it(
    run_script: RunScript, interpreter: str, reason: str
) -> None:
    run = run_script(interpreter, "true", 3)
    assert (run.state, run.attempt, run.started_at) == ("failed", 1, None)
    assert run.reason.startswith(f"interpreter '{interpreter}' {reason}")
    assert run.reason.endswith("; not retried: another attempt would fail the same way")


@pytest.mark.parametrize("directory", ["/no/such/place", "/etc/passwd", "/" + "x" * 300])
def test_a_missing_working_directory_fails_the_run_and_is_not_retried(
    engine: Engine, start_worker: StartWorker, directory: str
) -> None:
    start_worker(heartbeat_seconds=0.5)
    run_id = new_run(engine, new_task(engine, working_dir=directory, max_retries=3))
    dispatch_all(engine)
    run = ended(engine, run_id)
    assert (run.state, run.attempt, run.max_attempts, run.started_at) == ("failed", 1, 4, None)
    assert run.reason.startswith(f"working directory '{directory}': "[:500])
    assert run.reason.endswith("; not retried: another attempt would fail the same way")


def test_a_worker_reports_the_interpreters_that_it_has(
    engine: Engine, start_worker: StartWorker
) -> None:
    start_worker(heartbeat_seconds=0.5, interpreters="sh, python3,no-such-interpreter")
    with engine.connect() as connection:
        assert interpreters_of_active(connection, queue="default") == [["python3", "sh"]]
        assert interpreters_of_active(connection, queue="other") == []
