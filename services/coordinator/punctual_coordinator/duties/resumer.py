"""Resumer: resume tasks whose pause has expired."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from punctual.store.tasks.resume import resume_due
from punctual_coordinator.duties.drain import drain

log = structlog.get_logger()

BATCH = 500


@dataclass(frozen=True, slots=True)
class ResumeResult:
    """How many tasks were resumed."""

    resumed: int = 0


class Resumer:
    """Resumes a little ahead, so that what is due when a pause ends is planned in time."""

    def __init__(self, engine: Engine, *, window: timedelta, batch: int = BATCH) -> None:
        self._engine = engine
        self._window = window
        self._batch = batch

    def run_once(self, *, now: datetime | None = None) -> ResumeResult:
        """Resume every task whose pause ends within the window."""
        resumed = 0
        for tasks in drain(
            sessionmaker(self._engine).begin,
            lambda session: resume_due(
                session, window=self._window, batch_size=self._batch, now=now
            ),
            more=lambda tasks: len(tasks) >= self._batch,
        ):
            for task_id in tasks:
                log.info("task resumed", task_id=str(task_id))
            resumed += len(tasks)
        return ResumeResult(resumed)
