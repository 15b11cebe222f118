"""The timetable: which duty ticks how often; what a duty does is not its business."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from apscheduler.events import EVENT_SCHEDULER_STARTED
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger


def keep_ticking(duties: Mapping[Callable[[], None], float], stop: threading.Event) -> None:
    """Call each duty at once and then every so many seconds, until `stop` is set.

        A duty never runs twice at the same time, ticks that it missed are made up for by one, and
    none is ever too late to run. Returns when the duties that were at work have finished.
    """
    scheduler = BlockingScheduler(timezone=UTC)
    for duty, seconds in duties.items():
        scheduler.add_job(
            duty,
            IntervalTrigger(seconds=seconds, timezone=UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )

    def end() -> None:
        stop.wait()
        scheduler.shutdown(wait=True)

    def started(_event: object) -> None:  # a scheduler that has not started cannot be shut down
        threading.Thread(target=end, name="timetable-end", daemon=True).start()

    scheduler.add_listener(started, EVENT_SCHEDULER_STARTED)
    scheduler.start()
