"""Scheduler: call each duty at its interval."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog
from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_SCHEDULER_STARTED,
    JobEvent,
)
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger

log = structlog.get_logger()


def keep_ticking(duties: Mapping[Callable[[], None], float], stop: threading.Event) -> None:
    """Call each duty at once and then at its interval in seconds, until `stop` is set.

    A duty never runs twice at the same time. Ticks that it missed coalesce into one, and there is
    no limit to how late it runs. Returns when the duties that were at work have finished.
    """
    scheduler = BlockingScheduler(timezone=UTC)
    names: dict[str, str] = {}
    for duty, seconds in duties.items():
        job = scheduler.add_job(
            duty,
            IntervalTrigger(seconds=seconds, timezone=UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )
        names[job.id] = duty.__name__

    def end() -> None:
        stop.wait()
        scheduler.shutdown(wait=True)

    def started(_event: object) -> None:  # a scheduler that has not started cannot be shut down
        threading.Thread(target=end, name="scheduler-end", daemon=True).start()

    scheduler.add_listener(started, EVENT_SCHEDULER_STARTED)
    _log_long_turns(scheduler, names)
    scheduler.start()


def _log_long_turns(scheduler: BlockingScheduler, names: Mapping[str, str]) -> None:
    """Log once for each turn of a duty that is still at work when the next one is due."""
    reported: set[str] = set()

    def still_runs(event: JobEvent) -> None:
        if event.job_id not in reported:
            reported.add(event.job_id)
            log.warning("duty interval exceeded", duty=names.get(event.job_id))

    def ended(event: JobEvent) -> None:
        reported.discard(event.job_id)

    scheduler.add_listener(still_runs, EVENT_JOB_MAX_INSTANCES)
    scheduler.add_listener(ended, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
