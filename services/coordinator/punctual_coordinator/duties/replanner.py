"""Replanner: plan tasks again that could not be planned."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from punctual.store.lifecycle.planning.retry import retry_unplannable

log = structlog.get_logger()

BATCH = 200


@dataclass(frozen=True, slots=True)
class ReplanResult:
    """How many tasks can be planned again."""

    tasks: int = 0


class Replanner:
    """Retries tasks that have a `plan_error`, each at growing intervals."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run_once(self, *, now: datetime | None = None) -> ReplanResult:
        """Retry the tasks whose wait is over; clear the error of those that can be planned."""
        with Session(self._engine) as session, session.begin():
            tasks = retry_unplannable(session, batch_size=BATCH, now=now)
        if tasks:
            log.info("task planning recovered", tasks=tasks)
        return ReplanResult(tasks)
