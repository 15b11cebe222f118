"""Everything at once on three connections: no statements wait for each other in a circle."""

import random
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from psycopg2.errors import DeadlockDetected
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from punctual.domain.runs.reasons import ReasonCode
from punctual.domain.runs.states import FINAL
from punctual.store.lifecycle.cancel import cancel_run, cancel_task_runs
from punctual.store.lifecycle.claim import pull, release
from punctual.store.lifecycle.dispatch import mark_missed, redispatch
from punctual.store.lifecycle.finish import finish
from punctual.store.lifecycle.planning.plan import plan
from punctual.store.lifecycle.reap import bury, reap_claimed, reap_running
from punctual.store.lifecycle.replace import replace_earlier
from punctual.store.lifecycle.run_now import run_now
from punctual.store.lifecycle.start import skip_overlapping, start
from punctual.store.processes.workers import beat, leave
from punctual.store.runs.prune import prune
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import change_task, find_task, set_enabled
from tests.support.rows import WINDOW, dispatch_all, new_task, new_team
from tests.support.steps import LEASE, new_worker, report_of

CONNECTIONS = 3
STEPS = 150
SEED = 20260303

OWN_RUNS = text("""
SELECT id, fence FROM runs WHERE worker_id = :id AND state IN ('claimed', 'running')
ORDER BY random()
""")
ANY_RUN = text("SELECT id FROM runs ORDER BY random() LIMIT 1")


class OwnRun(NamedTuple):
    """A run, and the fence it is held under."""

    run_id: uuid.UUID
    fence: int


class Actor:
    """Does at random what API, coordinator and worker do, each step in a transaction of its own."""

    def __init__(self, engine: Engine, team: uuid.UUID, tasks: list[uuid.UUID], seed: int) -> None:
        self.engine = engine
        self.team = team
        self.tasks = tasks
        self.dice = random.Random(seed)
        self.worker = new_worker(engine, name=f"w-{seed}")
        self.deadlocks: list[str] = []
        self.done: set[str] = set()

    def act(self, steps: int) -> None:
        """Take `steps` steps, and remember which of them met a deadlock."""
        for _ in range(steps):
            step = self.dice.choice(STEPS_OF_ALL)
            try:
                step(self)
            except IntegrityError as error:
                if "uq_runs_one_running" not in str(error):
                    raise
            except OperationalError as error:
                if not isinstance(error.orig, DeadlockDetected):
                    raise
                self.deadlocks.append(f"{step.__name__}: {error.orig}")
            else:
                self.done.add(step.__name__)

    def own_runs(self, connection: Connection) -> list[OwnRun]:
        """What this actor's worker holds, in any order."""
        return [
            OwnRun(row.id, row.fence) for row in connection.execute(OWN_RUNS, {"id": self.worker})
        ]


def coordinate(actor: Actor) -> None:
    with actor.engine.begin() as connection:
        plan(connection, window=WINDOW, batch_size=5)
    dispatch_all(actor.engine)


def sweep(actor: Actor) -> None:
    later = datetime.now(UTC) + timedelta(seconds=actor.dice.randrange(120))
    with actor.engine.begin() as connection:
        mark_missed(connection, batch_size=3, now=later)
    with actor.engine.begin() as connection:
        redispatch(connection, batch_size=20, now=later)


def rescue(actor: Actor) -> None:
    with actor.engine.begin() as connection:
        bury(connection, lease=LEASE)
    with actor.engine.begin() as connection:
        reap_claimed(connection, batch_size=10)
    with actor.engine.begin() as connection:
        reap_running(connection, batch_size=10)


def take(actor: Actor) -> None:
    with actor.engine.begin() as connection:
        beat(connection, worker_id=actor.worker, room=9)
        pull(connection, worker_id=actor.worker, room=9, ahead=WINDOW)


def begin(actor: Actor) -> None:
    with actor.engine.begin() as connection:
        claimed = actor.own_runs(connection)
    with actor.engine.begin() as connection:
        start(connection, worker_id=actor.worker, claims=claimed, lease=LEASE)


def skip(actor: Actor) -> None:
    with actor.engine.begin() as connection:
        skip_overlapping(connection, worker_id=actor.worker, claims=actor.own_runs(connection))


def replace(actor: Actor) -> None:
    with actor.engine.begin() as connection:
        replace_earlier(connection, worker_id=actor.worker, claims=actor.own_runs(connection))


def give_back(actor: Actor) -> None:
    with actor.engine.begin() as connection:
        release(connection, worker_id=actor.worker, claims=actor.own_runs(connection)[:3])


def end(actor: Actor) -> None:
    with actor.engine.begin() as connection:
        claimed = actor.own_runs(connection)
    outcome = actor.dice.choice(["succeeded", "failed", "timed_out"])
    reports = [report_of(actor.engine, row, outcome, output=b"x", segments=(1,)) for row in claimed]
    with actor.engine.begin() as connection:
        finish(connection, worker_id=actor.worker, reports=reports)


def die(actor: Actor) -> None:
    with actor.engine.begin() as connection:
        leave(connection, worker_id=actor.worker)
    actor.worker = new_worker(actor.engine)


def cancel(actor: Actor) -> None:
    with actor.engine.begin() as connection:
        if run_id := connection.execute(ANY_RUN).scalar_one_or_none():
            cancel_run(connection, run_id=run_id, team_id=actor.team)


def cancel_all(actor: Actor) -> None:
    task = actor.dice.choice(actor.tasks)
    with actor.engine.begin() as connection:
        cancel_task_runs(connection, task_id=task, team_id=actor.team, code=ReasonCode.DELETED)


def change(actor: Actor) -> None:
    with Session(actor.engine) as session, session.begin():
        task = find_task(session, actor.dice.choice(actor.tasks), team_id=actor.team, lock=True)
        assert task is not None
        if actor.dice.random() < 0.3:
            set_enabled(session, task, enabled=not task.enabled, now=datetime.now(UTC))
        else:
            schedule = {"every": actor.dice.choice([1, 2, 3])}
            change_task(session, task, {"schedule": schedule}, now=datetime.now(UTC))


def press(actor: Actor) -> None:
    with Session(actor.engine) as session, session.begin():
        run_now(session.connection(), task=session.get_one(Task, actor.dice.choice(actor.tasks)))


def forget(actor: Actor) -> None:
    with actor.engine.begin() as connection:
        prune(connection, keep=timedelta(0), keep_audit=timedelta(0), batch_size=5)


STEPS_OF_ALL: list[Callable[[Actor], None]] = [
    *[coordinate, take, begin, end] * 3,
    *[sweep, rescue, skip, replace, give_back, die, cancel, cancel_all, change, press, forget],
]


def test_no_two_statements_deadlock_and_all_promises_hold(engine: Engine) -> None:
    team = new_team(engine)
    now = datetime.now(UTC)
    due = {"schedule": {"every": 2}, "schedule_anchor": now, "next_due_at": now}
    policies = [
        {"overlap": overlap, "max_retries": 2} for overlap in ("skip", "allow", "queue", "replace")
    ]
    policies.append({"overlap": "allow", "max_retries": 1, "max_concurrent": 1})
    tasks = [
        new_task(engine, team_id=team, retry_delay=0, **due, **policy, start_deadline=60)
        for policy in policies * 2
    ]
    actors = [Actor(engine, team, tasks, SEED + number) for number in range(CONNECTIONS)]
    together = threading.Barrier(CONNECTIONS)

    def live(actor: Actor) -> None:
        together.wait(10)
        actor.act(STEPS)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(live, actors))

    assert [each for actor in actors for each in actor.deadlocks] == []
    assert set.union(*(actor.done for actor in actors)) == {step.__name__ for step in STEPS_OF_ALL}
    with engine.connect() as connection:
        runs = connection.execute(text("SELECT * FROM runs")).all()
        ended = connection.execute(text("SELECT run_id, attempt FROM attempts")).all()
    assert all(run.attempt <= run.max_attempts for run in runs)
    for run in runs:
        spent = sorted(each.attempt for each in ended if each.run_id == run.id)
        running = [run.attempt] if run.state == "running" else []
        assert spent + running == list(range(1, run.attempt + 1))
        assert (run.finished_at is not None) == (run.state in FINAL)
