"""Target 3, without a clock: pages that the statements touch, and how they go about it."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.orm import Session

from punctual.store.accounts.users import user_named
from punctual.store.lifecycle.claim import PULL
from punctual.store.lifecycle.dispatch import dispatch, mark_missed, redispatch
from punctual.store.lifecycle.planning.plan import plan
from punctual.store.runs.listing import list_runs
from punctual.store.tasks.listing import list_tasks
from tests.bench.environment import BenchEnv, engine
from tests.bench.filling import FULL_DATABASE, TEAM, add_due, drop_due, fill_runs, fill_tasks
from tests.bench.life import WINDOW, dispatch_all, new_worker, plan_all
from tests.bench.row import OURS, Row
from tests.support.plans import sent_by

FILE = Path("build/plans.txt")
DUE = 200
LIMIT = 50
EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) "
PAGES = re.compile(r"\b(?:hit|read)=(\d+)")

Query = Callable[[Connection], Any]


def by_size(env: BenchEnv) -> Iterator[Row]:
    """Pages each statement touches with few and with many; plans go to build/plans.txt."""
    few, many = env.size.few, env.size.many
    found: dict[str, dict[int, str]] = {}
    for waiting, database in ((few, "plans_few"), (many, FULL_DATABASE)):
        opened = engine(env.database(database))
        fill_tasks(opened, waiting)
        for name, plan_text in _plans(opened, waiting):
            found.setdefault(name, {})[waiting] = plan_text
        opened.dispose()
    FILE.parent.mkdir(exist_ok=True)
    shown = [f"-- {name}, with {many:,}\n{each[many]}\n" for name, each in found.items()]
    FILE.write_text("\n".join(shown))
    for name, each in found.items():
        pages = {OURS: [_pages(each[many])], f"{few:,}": [_pages(each[few])]}
        yield Row(f"{name}: with {many:,}", "pages", pages, against=f"{few:,}")


def _plans(opened: Engine, waiting: int) -> Iterator[tuple[str, str]]:
    worker = new_worker(opened, name="explained", batch=1)
    add_due(opened, DUE)
    yield from _explained(
        opened, "due tasks", lambda c: plan(c, window=WINDOW, batch_size=DUE), first=True
    )
    plan_all(opened)
    yield from _explained(opened, "dispatch", lambda c: dispatch(c, window=WINDOW, batch_size=DUE))
    dispatch_all(opened)
    yield from _explained(opened, "re-dispatch", lambda c: redispatch(c, batch_size=DUE))
    yield from _explained(opened, "missed", lambda c: mark_missed(c, batch_size=DUE))
    yield "pull", _plan_of_raw(opened, PULL, {"worker_id": worker.id, "room": 16, "ahead": WINDOW})
    drop_due(opened)
    fill_runs(opened, waiting)
    with Session(opened) as session:
        team = user_named(session, TEAM)
        assert team is not None
        team_id = team.id
    yield from _explained(
        opened,
        "page of tasks",
        lambda c: list_tasks(Session(c), team_ids=[team_id], page_size=LIMIT),
    )
    yield from _explained(
        opened,
        "page of runs",
        lambda c: list_runs(Session(c), team_ids=[team_id], page_size=LIMIT),
    )


def _explained(
    opened: Engine, name: str, query: Query, *, first: bool = False
) -> Iterator[tuple[str, str]]:
    """The plan of the statement that `query` sends (the first or the last); nothing is kept."""
    statement, parameters = sent_by(opened, query)[0 if first else -1]
    with opened.connect() as connection:
        lines = connection.exec_driver_sql(EXPLAIN + statement.lstrip(), parameters).scalars()
        plan = "\n".join(lines)
        connection.rollback()
    yield name, plan


def _plan_of_raw(opened: Engine, statement: TextClause, parameters: Mapping[str, object]) -> str:
    """The plan of a statement that goes past SQLAlchemy's events; nothing is kept."""
    with opened.connect() as connection:
        lines = connection.execute(text(EXPLAIN + statement.text.lstrip()), parameters).scalars()
        return "\n".join(lines)


def _pages(plan: str) -> float:
    """What the topmost node touched, those below it included."""
    line = next((line for line in plan.splitlines() if "Buffers: shared" in line), "")
    return float(sum(int(count) for count in PAGES.findall(line)))
