"""Reports that the database refuses keep no other report from being written."""

import threading
import uuid
from dataclasses import replace

from sqlalchemy import Engine

from punctual.ops.config import Settings
from punctual_worker.agent.attempts.active_attempts import ActiveAttempts, key_of
from punctual_worker.agent.attempts.outcome import SHUT_DOWN, lost_report
from punctual_worker.agent.attempts.reporter import Reporter
from punctual_worker.agent.clock import DatabaseClock
from tests.support.rows import new_run, new_task, run_row
from tests.support.steps import new_worker, start_run

NO_EXIT_CODE = 1 << 40
SETTINGS = Settings(database_url="", redis_url="")


def test_a_report_that_the_database_refuses_is_set_apart_from_the_others(engine: Engine) -> None:
    worker, running, clock = new_worker(engine), ActiveAttempts(), DatabaseClock()
    reporter = Reporter(engine, running, clock, worker, SETTINGS)

    def started() -> uuid.UUID:
        run = new_run(engine, new_task(engine, max_retries=0))
        running.add(start_run(engine, run, worker))
        return run

    refused, written = started(), started()
    bad, good = (lost_report(attempt, SHUT_DOWN, clock) for attempt in running.all())
    reporter.ended(replace(bad, exit_code=NO_EXIT_CODE), good)
    stop = threading.Event()
    stop.set()
    reporter.run(stop, lambda: None)
    assert run_row(engine, written).state == "lost"
    assert run_row(engine, refused).state == "running"
    assert running.is_refused(key_of(bad.run_id, bad.fence))
    assert not running.is_refused(key_of(good.run_id, good.fence))
    assert running.all() == []
