"""Locks are taken in one order, earliest due first: what waits never holds what it should not."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.domain.runs.reasons import ReasonCode
from punctual.store.lifecycle.cancel import cancel_task_runs
from punctual.store.lifecycle.claim import release
from punctual.store.lifecycle.finish import finish
from punctual.store.lifecycle.start import note_started, skip_overlapping, start
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import change_task
from tests.support.eventually import eventually
from tests.support.locks import waiting
from tests.support.rows import new_run, new_task, new_team
from tests.support.steps import LEASE, claim_run, new_worker, report_of, start_claims

LOCK = text("SELECT id FROM runs WHERE id = :id FOR UPDATE NOWAIT")


@dataclass
class ClaimedRun:
    """A run and the fence it is held under."""

    run_id: uuid.UUID
    fence: int


@dataclass
class Scene:
    """Two runs of a task in one worker's hands; the later one is older in every other way."""

    engine: Engine
    team: uuid.UUID
    task: uuid.UUID
    worker: uuid.UUID
    late: ClaimedRun
    early: ClaimedRun

    @property
    def pairs(self) -> list[tuple[uuid.UUID, int]]:
        """The runs and their fences, the later one first."""
        return [(claimed.run_id, claimed.fence) for claimed in (self.late, self.early)]


def starts(scene: Scene) -> None:
    with scene.engine.begin() as connection:
        start(connection, worker_id=scene.worker, claims=scene.pairs, lease=LEASE)


def skips(scene: Scene) -> None:
    with scene.engine.begin() as connection:
        skip_overlapping(connection, worker_id=scene.worker, claims=scene.pairs)


def gives_back(scene: Scene) -> None:
    with scene.engine.begin() as connection:
        release(connection, worker_id=scene.worker, claims=scene.pairs)


def cancels(scene: Scene) -> None:
    with scene.engine.begin() as connection:
        cancel_task_runs(
            connection, task_id=scene.task, team_id=scene.team, code=ReasonCode.DELETED
        )


def edits(scene: Scene) -> None:
    with Session(scene.engine) as session, session.begin():
        task = session.get_one(Task, scene.task)
        change_task(session, task, {"command": "echo new"}, now=datetime.now(UTC))


def ends(scene: Scene) -> None:
    claims = (scene.late, scene.early)
    reports = [report_of(scene.engine, each, "succeeded") for each in claims]
    with scene.engine.begin() as connection:
        finish(connection, worker_id=scene.worker, reports=reports)


def notes(scene: Scene) -> None:
    now = datetime.now(UTC).isoformat()
    begun = [{"id": str(run), "fence": fence, "started_at": now} for run, fence in scene.pairs]
    with scene.engine.begin() as connection:
        note_started(connection, worker_id=scene.worker, begun=json.dumps(begun))


CLAIMED = [starts, skips, gives_back, cancels, edits]
RUNNING = [cancels, ends, notes]


@pytest.fixture
def scene(engine: Engine) -> Scene:
    """Two claimed runs that are due."""
    team, worker = new_team(engine), new_worker(engine)
    task = new_task(engine, team_id=team, overlap="allow")
    claims = []
    for due_in in (-1, -9):
        run = new_run(engine, task, due_in=due_in)
        claims.append(ClaimedRun(run, claim_run(engine, run, worker).fence))
    return Scene(engine, team, task, worker, *claims)


def waits_for_the_early_run_before_locking_the_late_one(
    scene: Scene, step: Callable[[Scene], None]
) -> None:
    """Fails unless `step` does as this name says, and then goes on."""
    with scene.engine.connect() as connection, ThreadPoolExecutor(1) as pool:
        connection.execute(LOCK, {"id": scene.early.run_id})
        over = pool.submit(step, scene)
        try:
            eventually(lambda: waiting(scene.engine))
            connection.execute(LOCK, {"id": scene.late.run_id})
        finally:
            connection.rollback()
        over.result(10)


@pytest.mark.parametrize("step", CLAIMED)
def test_a_step_of_claimed_runs_locks_the_earliest_first(
    scene: Scene, step: Callable[[Scene], None]
) -> None:
    if step is skips:
        with scene.engine.begin() as connection:
            connection.execute(text("UPDATE runs SET overlap = 'skip'"))
    waits_for_the_early_run_before_locking_the_late_one(scene, step)


@pytest.mark.parametrize("step", RUNNING)
def test_a_step_of_running_runs_locks_the_earliest_first(
    scene: Scene, step: Callable[[Scene], None]
) -> None:
    assert len(start_claims(scene.engine, scene.worker, *scene.pairs)) == 2
    waits_for_the_early_run_before_locking_the_late_one(scene, step)
