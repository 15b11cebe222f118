"""The coordinator's program, from its start to every way it can end."""

import re
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from punctual.store.driver.engine import driver_url
from punctual.store.driver.notify import wake_coordinators
from punctual_devstack.ports import free_port
from tests.integration.coordinator.settings_of_duties import all_runs, flat, published
from tests.support.coordinator import RARE_TICKS, Program, coordinator
from tests.support.eventually import eventually
from tests.support.locks import waiting
from tests.support.rows import database_now, new_run, new_task, run_row
from tests.support.servers import as_service
from tests.support.steps import change_run, finish_run, new_worker, silence, start_run


@pytest.fixture
def settings(database_url: str, redis_url: str, namespace: str) -> dict[str, str]:
    """What a coordinator needs, with ticks so rare that only the first ones and wake-ups count."""
    url = as_service(database_url, "coordinator")
    return RARE_TICKS | {"DATABASE_URL": url, "REDIS_URL": redis_url, "NAMESPACE": namespace}


def database_errors(program: Program) -> float:
    """How many statements the database failed to answer, as its metrics say."""
    [line] = re.findall(
        r"^punctual_database_errors_total (.*)$", program.probe("/metrics")[1], re.M
    )
    return float(line)


def coordinators(engine: Engine) -> list[str]:
    """The names of the coordinators that are on the list and have finished a cycle."""
    with engine.connect() as connection:
        statement = text("SELECT name FROM coordinators WHERE cycle_at IS NOT NULL ORDER BY name")
        return list(connection.execute(statement).scalars())


def test_a_task_due_soon_is_queued_and_published_as_soon_as_its_writer_says_so(
    engine: Engine, settings: dict[str, str], redis_url: str, namespace: str, tmp_path: Path
) -> None:
    with coordinator(tmp_path, **settings, NAME="c-1") as program:
        eventually(lambda: coordinators(engine) == ["c-1"])
        due = database_now(engine) + timedelta(seconds=10)
        new_task(engine, schedule={"at": due.isoformat()}, next_due_at=due)
        with engine.begin() as connection:
            wake_coordinators(connection)
        eventually(lambda: flat(published(redis_url, namespace)))
        [run] = all_runs(engine)
        assert (run.state, run.due_at) == ("queued", due)
        assert flat(published(redis_url, namespace)) == [(run.id, run.fence)]
        assert program.stop() == 0
        assert coordinators(engine) == []


def test_a_sweep_finds_what_no_notification_announced(
    engine: Engine, settings: dict[str, str], redis_url: str, namespace: str, tmp_path: Path
) -> None:
    with coordinator(tmp_path, **(settings | {"SWEEP_SECONDS": "0.2"}), NAME="c-1"):
        eventually(lambda: coordinators(engine) == ["c-1"])
        run = new_run(engine, new_task(engine))
        eventually(lambda: flat(published(redis_url, namespace)) == [(run, 0)])


def test_a_sweep_ends_a_pause_whose_time_has_come(
    engine: Engine, settings: dict[str, str], tmp_path: Path
) -> None:
    now = database_now(engine)
    task = new_task(engine, schedule={"every": 3600}, enabled=False, paused_until=now)
    with coordinator(tmp_path, **(settings | {"SWEEP_SECONDS": "0.2"})) as program:
        [line] = eventually(lambda: program.logged("task resumed"))
        assert line["task_id"] == str(task)


def test_a_sweep_rescues_once_the_database_has_answered_for_a_lease(
    engine: Engine, settings: dict[str, str], tmp_path: Path
) -> None:
    silence(engine, new_worker(engine, name="w-9"), seconds=3600)
    short = {
        "SWEEP_SECONDS": "0.2",
        "HEARTBEAT_SECONDS": "0.5",
        "SELF_FENCE_SECONDS": "1",
        "LEASE_SECONDS": "1.5",
    }
    with coordinator(tmp_path, **(settings | short)) as program:
        [line] = eventually(lambda: program.logged("worker buried"))
        assert line["worker"] == "w-9"
        [registered] = program.logged("coordinator registered")
        assert line["timestamp"] > registered["timestamp"]


def test_a_duty_that_fails_stops_none_of_the_others(
    engine: Engine, settings: dict[str, str], tmp_path: Path
) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE attempts RENAME TO hidden"))
    try:
        often = settings | {"SWEEP_SECONDS": "0.2"}
        with coordinator(tmp_path, **often) as program:
            eventually(lambda: program.logged("duty failed"))
            run = new_run(engine, new_task(engine))
            eventually(lambda: run_row(engine, run).state == "queued")
            assert {line["duty"] for line in program.logged("duty failed")} == {"rescue"}
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE hidden RENAME TO attempts"))


def test_killed_between_commit_and_publish_another_one_publishes_under_the_same_fence(
    engine: Engine, settings: dict[str, str], redis_url: str, namespace: str, tmp_path: Path
) -> None:
    run = new_run(engine, new_task(engine))
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections and never answers
        port = mute.getsockname()[1]
        blocked = settings | {"REDIS_URL": f"redis://127.0.0.1:{port}/0?socket_timeout=60"}
        with coordinator(tmp_path, **blocked) as program:
            eventually(lambda: run_row(engine, run).state == "queued")
            assert program.stop(signal.SIGKILL) == -signal.SIGKILL
    fence = run_row(engine, run).fence
    assert published(redis_url, namespace) == []
    change_run(engine, run, redispatch_at=database_now(engine))  # its 5 s are over
    with coordinator(tmp_path, **settings):
        eventually(lambda: published(redis_url, namespace) == [[(run, fence)]])
    assert run_row(engine, run).state == "queued"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_signals_end_it_in_good_order(
    engine: Engine, settings: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with coordinator(tmp_path, **settings, NAME="c-1") as program:
        eventually(lambda: coordinators(engine) == ["c-1"])
        assert program.stop(number) == 0
        assert program.logged("coordinator stopped")


def test_a_stop_while_a_duty_hangs_ends_it_in_time(
    engine: Engine, settings: dict[str, str], tmp_path: Path
) -> None:
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE tasks"))
        with coordinator(tmp_path, **settings) as program:
            eventually(lambda: waiting(engine))
            assert program.stop() == 0


def test_probes_report_its_state(engine: Engine, settings: dict[str, str], tmp_path: Path) -> None:
    with coordinator(tmp_path, **settings, HEALTH_PORT=str(free_port())) as program:
        eventually(lambda: program.probe("/readyz")[0] == 200)
        assert program.probe("/healthz")[0] == 200
        assert "punctual_cycle_age_seconds" in program.probe("/metrics")[1]
        assert coordinators(engine)


def test_it_is_not_ready_while_due_times_stay_unplanned(
    engine: Engine, settings: dict[str, str], tmp_path: Path
) -> None:
    with coordinator(tmp_path, **settings, HEALTH_PORT=str(free_port())) as program:
        eventually(lambda: program.probe("/readyz")[0] == 200, within=30)
        long_ago = database_now(engine) - timedelta(seconds=100)
        new_task(
            engine, schedule={"every": 60}, next_due_at=long_ago
        )  # and no coordinator is woken
        status, reasons = program.probe("/readyz")
        assert status == 503
        assert "planning" in reasons


def test_without_a_database_it_is_alive_but_not_ready_and_complains_once(
    settings: dict[str, str], tmp_path: Path
) -> None:
    no_server = {
        "DATABASE_URL": f"postgresql://x@127.0.0.1:{free_port()}/x",
        "SWEEP_SECONDS": "0.1",
        "HEALTH_PORT": str(free_port()),
    }
    with coordinator(tmp_path, **(settings | no_server)) as program:
        eventually(lambda: program.probe("/readyz")[0])
        status, reasons = program.probe("/readyz")
        assert status == 503
        assert "database" in reasons
        assert "no cycle" in reasons
        assert program.probe("/healthz")[0] == 200
        eventually(lambda: database_errors(program) >= 5)
        assert len(program.logged("database connection lost")) == 1
        assert program.stop() == 0


def test_an_outage_and_its_end_are_logged_once(
    engine: Engine, database_url: str, settings: dict[str, str], tmp_path: Path
) -> None:
    url = make_url(driver_url(database_url))  # its team's, who may shut it
    elsewhere = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    often = {"SWEEP_SECONDS": "0.1"}
    with coordinator(tmp_path, **(settings | often), NAME="c-1") as program:
        eventually(lambda: coordinators(engine) == ["c-1"])
        engine.dispose()
        with elsewhere.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false"))
            try:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :d"
                    ),
                    {"d": url.database},
                )
                eventually(lambda: program.logged("database connection lost"))
            finally:
                connection.execute(text(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true"))
        elsewhere.dispose()
        eventually(lambda: program.logged("database connection restored"))
        run = new_run(engine, new_task(engine))
        eventually(lambda: run_row(engine, run).state == "queued")
        assert (
            len(program.logged("database connection lost"))
            == len(program.logged("database connection restored"))
            == 1
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CYCLE_SECONDS", "soon"),
        ("SWEEP_SECONDS", "0"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "nowhere"),
        ("DATABASE_URL", "postgresql://x@127.0.0.1:port/x"),
        ("REDIS_URL", "nowhere"),
        ("REDIS_URL", "redis://127.0.0.1:port/0"),
        ("REDIS_URL", "redis://127.0.0.1:1/0?socket_timeout=soon"),
        ("LOG_LEVEL", "loud"),
        ("HEALTH_PORT", "taken"),
    ],
)
def test_a_setting_it_cannot_use_stops_the_start_by_name(
    tmp_path: Path, name: str, value: str
) -> None:
    good = {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
    with socket.create_server(("0.0.0.0", 0)) as taken:
        given = value.replace("taken", str(taken.getsockname()[1]))
        with coordinator(tmp_path, **(good | {name: given})) as program:
            assert program.process.wait(20) == 2
        assert f"PUNCTUAL_{name}" in program.stderr()
        assert len(program.stderr().splitlines()) == 1


def test_a_coordinator_whose_cycles_hang_ends_itself() -> None:
    hangs = (
        "import threading; from punctual.ops.progress import Progress\n"
        "from punctual_coordinator.liveness.watchdog import Watchdog\n"
        "dog = Watchdog(Progress(), cycle_seconds=30)\n"
        "assert dog.max_age_seconds == 90\n"
        "dog.max_age_seconds = 0.1\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "dog.guard(threading.Event(), awake=lambda: None)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", hangs], capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 1
    assert "cycle stuck" in ended.stdout + ended.stderr


def test_a_run_follows_as_soon_as_the_one_before_it_has_succeeded(
    engine: Engine, settings: dict[str, str], redis_url: str, namespace: str, tmp_path: Path
) -> None:
    first = new_task(engine)
    edges = [{"task": str(first), "on": "success"}]
    second = new_task(engine, after=edges)
    worker = new_worker(engine)
    started = start_run(engine, new_run(engine, first), worker)
    with coordinator(tmp_path, **settings, NAME="c-1"):
        eventually(lambda: coordinators(engine) == ["c-1"])
        finish_run(engine, started, worker, "succeeded")
        eventually(lambda: flat(published(redis_url, namespace)))
        [run] = [run for run in all_runs(engine) if run.task_id == second]
        assert (run.state, run.trigger) == ("queued", "after")
