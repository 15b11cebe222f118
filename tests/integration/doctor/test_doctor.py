"""What the doctor says, as an operator hears it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, make_url, text

from punctual.doctor.room import disk_findings
from punctual.store.coordinators import register
from punctual.store.workers import register as register_worker
from punctual_devstack.ports import free_port
from tests.support.ground import as_service
from tests.support.rows import database_now, dispatch_all, new_run, new_task
from tests.support.steps import change_run, claim_run, new_worker, silence, start_run

Doctor = Callable[..., tuple[int, dict[str, Any]]]


def told(arguments: list[str], settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One visit of the doctor, as a program."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PUNCTUAL_")}
    environ |= {f"PUNCTUAL_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "punctual", "doctor", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def doctor(database_url: str, redis_url: str) -> Doctor:
    """Visits with the test's own servers, unless told of others."""

    def visit(**settings: str) -> tuple[int, dict[str, Any]]:
        done = told(["--json"], {"DATABASE_URL": database_url, "REDIS_URL": redis_url} | settings)
        return done.returncode, json.loads(done.stdout)

    return visit


@pytest.fixture
def at_work(engine: Engine) -> Engine:
    """A database at which a coordinator and a worker are at work."""
    with engine.begin() as connection:
        register(connection, name="c-1", host="h", pid=1)
    new_worker(engine, name="w-1")
    return engine


def bad(document: dict[str, Any], level: str) -> dict[str, str]:
    """What was found at this level, by what was looked at."""
    found = document["findings"]
    return {each["check"]: each["detail"] for each in found if each["level"] == level}


@pytest.mark.usefixtures("at_work")
def test_a_product_at_work_is_healthy(doctor: Doctor) -> None:
    code, document = doctor()
    assert (code, document["healthy"], bad(document, "error")) == (0, True, {})
    looked_at = {each["check"] for each in document["findings"]}
    assert looked_at >= {
        "database",
        "clock",
        "tables",
        "coordinator",
        "worker",
        "runs",
        "planning",
        "database writes",
        "queue",
        "queue clock",
        "queue writes",
        "disk",
    }


def test_nobody_at_work_is_an_error(engine: Engine, doctor: Doctor) -> None:
    silence(engine, new_worker(engine, name="w-9"), seconds=100)
    code, document = doctor()
    assert code == 1
    assert bad(document, "error") == {
        "coordinator": "none is alive: nothing new is planned or repaired",
        "worker": "none takes runs: nothing starts",
    }
    assert "w-9" in bad(document, "warning")["worker"]


def test_a_run_that_waits_too_long_is_told(at_work: Engine, doctor: Doctor) -> None:
    run = new_run(at_work, new_task(at_work))
    dispatch_all(at_work)
    for late, level in ((30, "warning"), (300, "error")):
        change_run(at_work, run, due_at=database_now(at_work) - timedelta(seconds=late))
        _, document = doctor()
        assert "1 queued" in bad(document, level)["runs"]
        assert "overdue" in bad(document, level)["runs"]


def test_what_is_stuck_in_any_state_is_an_error(at_work: Engine, doctor: Doctor) -> None:
    with at_work.connect() as connection:
        worker = connection.execute(text("SELECT id FROM workers")).scalar_one()
    claimed, unconfirmed = (new_run(at_work, new_task(at_work)) for _ in range(2))
    claim_run(at_work, claimed, worker)
    start_run(at_work, unconfirmed, worker)
    waiting = new_run(at_work, new_task(at_work))
    long_ago = database_now(at_work) - timedelta(seconds=300)
    for run, sentence in (
        (waiting, "the oldest scheduled one is 3"),
        (claimed, "the oldest claimed one is 3"),
        (unconfirmed, "the oldest running one without a start on record is 3"),
    ):
        change_run(at_work, run, due_at=long_ago)
        code, document = doctor()
        assert code == 1
        assert sentence in bad(document, "error")["runs"]


def test_due_times_that_are_not_planned_are_an_error(at_work: Engine, doctor: Doctor) -> None:
    long_ago = database_now(at_work) - timedelta(seconds=300)
    new_task(at_work, schedule={"every": 60}, next_due_at=long_ago)
    code, document = doctor()
    assert code == 1
    assert "not planned is 3" in bad(document, "error")["planning"]


def test_a_database_that_takes_no_writes_is_an_error(
    at_work: Engine, doctor: Doctor, database_url: str
) -> None:
    name = make_url(database_url).database
    with at_work.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    try:
        code, document = doctor()
    finally:
        with at_work.begin() as connection:
            connection.execute(text("SET transaction_read_only = off"))
            connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
    assert code == 1
    assert "read-only" in bad(document, "error")["database writes"]


@pytest.mark.usefixtures("at_work")
def test_a_queue_that_takes_no_writes_is_an_error(doctor: Doctor, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.acl_setuser("reader", enabled=True, nopass=True, categories=["+@all", "-@write"])
        try:
            reader = redis_url.replace("redis://:", "redis://reader:")
            code, document = doctor(REDIS_URL=reader)
        finally:
            client.acl_deluser("reader")
    assert code == 1
    assert "refused" in bad(document, "error")["queue writes"]


def test_disks_are_told_once_each_and_a_full_one_is_an_error(tmp_path: Path) -> None:
    [told] = disk_findings([tmp_path, tmp_path / "not there", tmp_path])
    assert "GiB free" in told.detail
    [full] = disk_findings([Path("/proc")])  # it has no room at all
    assert (full.check, full.level) == ("disk", "error")


def test_full_workers_stalled_cycles_and_broken_tasks_are_warnings(
    at_work: Engine, doctor: Doctor
) -> None:
    new_task(at_work, plan_error="ValueError: no")
    with at_work.begin() as connection:
        connection.execute(text("UPDATE workers SET room = 0"))
        connection.execute(text("UPDATE coordinators SET cycle_at = now() - interval '1 hour'"))
    code, document = doctor()
    assert code == 0
    warned = bad(document, "warning")
    assert warned["worker"] == "no slot is free: what is due now starts late"
    assert "c-1" in warned["coordinator"]
    assert warned["tasks"].startswith("1 cannot be planned")


@pytest.mark.usefixtures("at_work")
def test_tables_of_another_release_are_told(engine: Engine, doctor: Doctor) -> None:
    with engine.begin() as connection:
        current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        code, document = doctor()
        assert code == 1
        assert "punctual.store.migrate" in bad(document, "error")["tables"]
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        code, document = doctor()
        assert code == 0
        assert "newer release" in bad(document, "warning")["tables"]
    finally:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": current})


@pytest.mark.usefixtures("at_work")
def test_a_queue_that_would_forget_is_told(doctor: Doctor, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            _, document = doctor()
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert "allkeys-lru" in bad(document, "warning")["queue policy"]


@pytest.mark.usefixtures("at_work")
def test_services_that_share_a_powerful_role_are_told(
    doctor: Doctor, engine: Engine, database_url: str
) -> None:
    url = make_url(database_url)
    assert url.username is not None
    with engine.connect() as connection:
        connection.execute(text("SET application_name = 'punctual-worker'"))
        connection.commit()
        _, document = doctor()
    assert f"worker as {url.username}" in bad(document, "warning")["isolation"]


def test_what_processes_told_of_themselves_is_told(engine: Engine, doctor: Doctor) -> None:
    ours = version("punctual")
    with engine.begin() as connection:
        register(connection, name="c-1", host="h", pid=1, version=ours)
        told = {"host": "h", "pid": 1, "slots": 4, "version": ours}
        for name, held in (
            ("w-1", ["separate_user", "unprivileged"]),
            ("w-2", ["unprivileged"]),
            ("w-3", []),
            ("w-4", ["unprivileged", "separate_user"]),
        ):
            register_worker(connection, name=name, isolation=held, **told)  # type: ignore[arg-type]
    _, document = doctor()
    assert bad(document, "ok")["releases"] == f"all at work are {ours}"
    assert f"c-1 ({ours}): " in bad(document, "ok")["coordinator"]
    said = [each for each in document["findings"] if each["check"] == "commands"]
    assert [(each["level"], each["detail"].partition(":")[0]) for each in said] == [
        ("warning", "of w-3 are held in by nothing"),
        ("ok", "of w-1, w-4 are held in by separate_user, unprivileged"),
        ("warning", "of w-2 are held in by unprivileged"),
    ]


def test_an_upgrade_that_is_not_finished_is_told(at_work: Engine, doctor: Doctor) -> None:
    with at_work.begin() as connection:
        connection.execute(text("UPDATE coordinators SET version = '99.0.0'"))
    _, document = doctor()
    assert "99.0.0, one before it was told" in bad(document, "warning")["releases"]


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize(
    ("service", "closed"),
    [
        ("api", set()),
        ("coordinator", set()),
        ("worker", {"coordinator", "releases", "runs", "tasks"}),
    ],
)
def test_what_a_services_role_may_not_look_at_is_no_fault(
    doctor: Doctor, database_url: str, service: str, closed: set[str]
) -> None:
    code, document = doctor(DATABASE_URL=as_service(database_url, service))
    assert (code, bad(document, "error")) == (0, {})
    assert set(bad(document, "unseen")) == closed


def test_connections_of_other_roles_are_counted(
    engine: Engine, doctor: Doctor, database_url: str
) -> None:
    with ExitStack() as held:
        for _ in range(8):
            held.enter_context(engine.connect())
        _, document = doctor(DATABASE_URL=as_service(database_url, "worker"))
    used = next(f["detail"] for f in document["findings"] if f["check"] == "connections")
    assert int(used.split()[0]) > 8


@pytest.mark.usefixtures("at_work")
def test_each_server_that_is_away_is_told_and_the_other_still_looked_at(doctor: Doctor) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    code, document = doctor(REDIS_URL=f"redis://{nobody}/0")
    assert (code, set(bad(document, "error"))) == (1, {"queue"})
    assert "worker" in bad(document, "ok")
    code, document = doctor(DATABASE_URL=f"postgresql://x@{nobody}/x")
    assert (code, set(bad(document, "error"))) == (1, {"database"})
    assert "queue" in bad(document, "ok")


def test_a_setting_that_is_missing_or_unusable_is_named(doctor: Doctor, redis_url: str) -> None:
    assert bad(doctor(SLOTS="many")[1], "error")["settings"].startswith("PUNCTUAL_SLOTS")
    assert bad(doctor(DATABASE_URL="nonsense")[1], "error").keys() >= {"database"}
    done = told([], {"REDIS_URL": redis_url})
    assert done.returncode == 1
    assert "PUNCTUAL_DATABASE_URL is not set" in done.stdout


@pytest.mark.usefixtures("at_work")
def test_people_read_lines_with_every_secret_masked(database_url: str, redis_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SLOTS": "77"}
    for arguments in ([], ["--json"]):
        done = told(arguments, settings)
        assert done.returncode == 0
        assert "********" in done.stdout
        for url in (database_url, redis_url):
            password = make_url(url).password
            assert password
            assert password not in done.stdout
    lines = told([], settings).stdout.splitlines()
    assert "  PUNCTUAL_SLOTS=77" in lines
    assert lines[-1].startswith("Healthy: 0 error(s)")
