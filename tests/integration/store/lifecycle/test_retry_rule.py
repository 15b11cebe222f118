"""What is not to be retried ends, with the reason; what is used up says nothing of it."""

from sqlalchemy import Engine

from tests.support.rows import new_run, new_task, run_row
from tests.support.steps import EXIT_CODE_1, finish_run, new_worker, start_run

RULE = {"rule": "retry_on", "exit_codes": [75]}
WHY = "not retried: only exit codes 75 are retried (retry_on)"


def test_an_end_that_is_not_to_be_retried_is_final_although_attempts_are_left(
    engine: Engine,
) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=3))
    started = start_run(engine, run, worker)
    finish_run(engine, started, worker, "failed", reason=EXIT_CODE_1, no_retry=RULE)
    row = run_row(engine, run)
    assert (row.state, row.attempt, row.reason) == ("failed", 1, f"exit code 1; {WHY}")


def test_the_last_attempt_says_only_how_it_ended(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=0))
    started = start_run(engine, run, worker)
    finish_run(engine, started, worker, "failed", reason=EXIT_CODE_1, no_retry=RULE)
    assert run_row(engine, run).reason == "exit code 1"


def test_a_run_keeps_the_lists_its_task_had(engine: Engine) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, retry_on=[75], max_retries=1))
    spec = start_run(engine, run, worker).spec
    assert (spec["retry_on"], spec["no_retry_on"]) == ([75], None)


def test_a_success_has_no_reason_also_when_attempts_are_left(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=1))
    finish_run(engine, start_run(engine, run, worker), worker, "succeeded")
    assert run_row(engine, run).reason is None
