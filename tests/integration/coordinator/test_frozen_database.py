"""PostgreSQL answers nothing for a while: what came due then blames it, and no coordinator."""

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from punctual.store.driver.engine import make_engine
from punctual.store.ledger.entries import list_ledger
from punctual_devstack.servers.temporary import Servers, temporary_servers
from tests.support.coordinator import Program, coordinator
from tests.support.eventually import eventually
from tests.support.frozen import frozen
from tests.support.rows import database_now, new_run, new_task, run_row, with_reason
from tests.support.servers import TEMPLATE, create_template
from tests.support.steps import change_run

SETTINGS = {
    "CYCLE_SECONDS": "1",
    "WINDOW_SECONDS": "1",
    "SWEEP_SECONDS": "1",
    "HEARTBEAT_SECONDS": "1",
    "LEASE_SECONDS": "6",
    "SELF_FENCE_SECONDS": "3",
}
FREEZE_SECONDS = 24
"""Beyond the 15 s after which a due time that was not planned is missed."""

SILENT = re.compile(r"the database did not answer from \S+ to [^;\s]+")


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Servers of this file's own."""
    with temporary_servers() as started:
        create_template(started)
        yield started


@pytest.fixture
def url(servers: Servers, tmp_path: Path) -> str:
    return servers.create_database(f"frozen_{tmp_path.name}", template=TEMPLATE)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = make_engine(url, service="test")
    yield made
    made.dispose()


@pytest.fixture
def program(servers: Servers, url: str, engine: Engine, tmp_path: Path) -> Iterator[Program]:
    """A coordinator that has done a whole cycle."""
    own = {"DATABASE_URL": url, "REDIS_URL": servers.redis_url()}
    with coordinator(tmp_path, **SETTINGS, **own) as started:
        eventually(lambda: last_pass(engine) is not None)
        yield started


def silences(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT * FROM database_silences")))


def missed(engine: Engine, task: object) -> list[Any]:
    statement = text(
        "SELECT * FROM runs WHERE task_id = :task AND state = 'missed' ORDER BY due_at"
    )
    with engine.connect() as connection:
        return [with_reason(row) for row in connection.execute(statement, {"task": task})]


@pytest.mark.usefixtures("program")
def test_what_was_missed_because_the_database_was_frozen_says_so(
    servers: Servers, engine: Engine
) -> None:
    now = database_now(engine).replace(microsecond=0)
    often = new_task(
        engine,
        catch_up="none",
        schedule={"every": 1},
        schedule_anchor=now,
        next_due_at=now + timedelta(seconds=1),
    )
    eventually(lambda: dispatched(engine, often))
    deadline = new_run(engine, new_task(engine), due_in=FREEZE_SECONDS / 2)
    change_run(engine, deadline, start_by=run_row(engine, deadline).due_at)
    engine.dispose()
    with frozen(servers.postgres):
        threading.Event().wait(FREEZE_SECONDS)
    [silence] = eventually(lambda: silences(engine))
    assert silence.to_at - silence.from_at > timedelta(seconds=FREEZE_SECONDS - 1)
    runs = eventually(lambda: missed(engine, often), within=20)
    inside = [run for run in runs if run.due_at >= silence.from_at + timedelta(seconds=3)]
    assert len(inside) >= 3
    for run in inside:
        assert run.reason_code == "database_silent", run
        assert SILENT.fullmatch(run.reason.removeprefix("missed: ")), run.reason
    eventually(lambda: run_row(engine, deadline).state == "missed")
    run = run_row(engine, deadline)
    assert run.reason_code == "database_silent"
    assert SILENT.fullmatch(run.reason.removeprefix("start deadline passed: ")), run.reason
    with engine.connect() as connection:
        [noted] = list_ledger(connection, task_id=run.task_id, page_size=9)
    assert noted.because == run.reason


def test_a_coordinator_that_was_frozen_itself_blames_no_database(
    engine: Engine, program: Program
) -> None:
    before = len(program.logged("database silence recorded"))
    program.process.send_signal(signal.SIGSTOP)
    threading.Event().wait(12)
    program.process.send_signal(signal.SIGCONT)
    thawed = database_now(engine)
    eventually(lambda: pass_followed(engine, thawed + timedelta(seconds=2)))
    assert silences(engine) == []
    assert len(program.logged("database silence recorded")) == before


def test_a_silence_in_which_the_coordinator_is_started_anew_is_recorded_whole(
    servers: Servers, url: str, engine: Engine, program: Program, tmp_path: Path
) -> None:
    own = {"DATABASE_URL": url, "REDIS_URL": servers.redis_url()}
    engine.dispose()
    with ExitStack() as stack:
        with frozen(servers.postgres):
            threading.Event().wait(6)
            program.stop(signal.SIGKILL)
            stack.enter_context(coordinator(tmp_path, **SETTINGS, **own))
            threading.Event().wait(15)
        [silence] = eventually(lambda: silences(engine))
    assert silence.to_at - silence.from_at > timedelta(seconds=20)


def last_pass(engine: Engine) -> datetime | None:
    with engine.connect() as connection:
        return connection.execute(text("SELECT at FROM last_pass")).scalar_one_or_none()


def pass_followed(engine: Engine, after: datetime) -> bool:
    at = last_pass(engine)
    return at is not None and at > after


def dispatched(engine: Engine, task: object) -> bool:
    statement = text("SELECT count(*) FROM runs WHERE task_id = :task AND state = 'queued'")
    with engine.connect() as connection:
        return bool(connection.execute(statement, {"task": task}).scalar_one())
