"""Planner: turn due times into runs."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from punctual.domain.batch_size import BatchSize
from punctual.ops import telemetry
from punctual.store.calendars.cache import CalendarCache
from punctual.store.lifecycle.planning.errors import DueTask, due_tasks, refuse
from punctual.store.lifecycle.planning.plan import Planned, plan
from punctual.store.lifecycle.planning.share import PlanShare
from punctual.store.lifecycle.planning.team_waits import TeamWaits, full_teams

log = structlog.get_logger()

BATCH = 1000

# SQLSTATE classes of a row's own errors: data, constraints, server limits, and triggers.
OF_A_ROW = ("21", "22", "23", "54", "P0")


@dataclass(frozen=True, slots=True)
class PlanResult:
    """How many tasks one batch looked at, and what came of them; `more` may be left."""

    tasks: int = 0
    runs: int = 0
    missed: int = 0
    refused: int = 0
    more: bool = False


class Planner:
    """Plans what is due within `window`, one batch of tasks and one transaction at a time."""

    def __init__(
        self, engine: Engine, *, window: timedelta, batch: int = BATCH, max_unfinished: int = 0
    ) -> None:
        """`max_unfinished`: a team with that many unfinished runs waits; 0 is no limit."""
        self._engine = engine
        self._window = window
        self._size = BatchSize(batch)
        self._calendars = CalendarCache()
        self._share = PlanShare()
        self._max_unfinished = max_unfinished
        self._waits = TeamWaits()

    def begin_pass(self, share: PlanShare | None = None) -> None:
        """Give every team a new share of planning."""
        self._share = share or PlanShare()

    def note_full_teams(self, *, now: datetime | None = None) -> None:
        """Plan nothing of teams that have all unfinished runs that they may have, until they end.

        Their due times wait, and are planned late, or missed, as `catch_up` has it.
        """
        if not self._max_unfinished:
            return
        with self._engine.begin() as connection:
            full, at = full_teams(connection, most=self._max_unfinished)
            became = self._waits.note(connection, full, most=self._max_unfinished, now=now or at)
        for team_id in became:
            telemetry.LIMIT_REFUSALS.labels("unfinished_runs").inc()
            log.warning("team planning stopped", team_id=str(team_id), most=self._max_unfinished)

    def run_once(self, *, now: datetime | None = None, by_team: bool = False) -> PlanResult:
        """Plan one batch; record why a task cannot be planned, and plan the others.

        The earliest due, or `by_team` as many of each.
        """
        size = self._size.now
        try:
            with self._engine.begin() as connection:
                planned = plan(
                    connection,
                    window=self._window,
                    batch_size=size,
                    now=now,
                    by_team=by_team,
                    share=self._share,
                    calendars=self._calendars,
                    waits=self._waits,
                )
        except DBAPIError as failure:
            if not _of_a_row(failure):
                self._size.failed(size)
                raise
            planned = self._one_by_one(now, size)
        self._size.went_well()
        for task_id, error in planned.errors:
            log.warning("task planning failed", task_id=str(task_id), error=error)
        telemetry.RUNS_PLANNED.inc(planned.runs)
        telemetry.RUNS_FINISHED.labels("missed").inc(planned.missed)
        return PlanResult(
            tasks=planned.tasks - planned.left,
            runs=planned.runs,
            missed=planned.missed,
            refused=len(planned.errors),
            more=by_team or planned.tasks >= size or planned.left > 0,
        )

    @property
    def put_off(self) -> list[uuid.UUID]:
        """Return the teams that have used their share of this pass, and may have more to plan."""
        return self._share.over

    def _one_by_one(self, now: datetime | None, size: int) -> Planned:
        """Plan the same batch task by task, so that an error names its task."""
        with self._engine.begin() as connection:
            tasks = due_tasks(connection, window=self._window, batch_size=size, now=now)
        total = Planned()
        for task in tasks:
            one = self._just(task, now)
            total.tasks += one.tasks
            total.runs += one.runs
            total.missed += one.missed
            total.errors += one.errors
        return total

    def _just(self, task: DueTask, now: datetime | None) -> Planned:
        try:
            with self._engine.begin() as connection:
                return plan(
                    connection,
                    window=self._window,
                    batch_size=1,
                    now=now,
                    only=task.task_id,
                    waits=self._waits,
                )
        except DBAPIError as failure:
            if not _of_a_row(failure):
                raise
            error = str(failure.orig).partition("\n")[0]
        with self._engine.begin() as connection:
            refuse(connection, task=task, error=error, now=now)
        errors: list[tuple[uuid.UUID, str]] = [(task.task_id, error)]
        return Planned(tasks=1, errors=errors)


def _of_a_row(failure: DBAPIError) -> bool:
    """Return whether the database refused a row's data, so that other rows can be planned."""
    return (getattr(failure.orig, "pgcode", None) or "")[:2] in OF_A_ROW
