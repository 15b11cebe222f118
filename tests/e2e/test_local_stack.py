"""`make run` as a person uses it: started, disturbed, killed, started again, stopped."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import make_url

from punctual_devstack.command_user import FIRST_SLOT_USER
from punctual_devstack.processes.pids import started_at
from punctual_devstack.servers.postgres_user import reachable_temporary
from tests.support.database import process_number
from tests.support.eventually import eventually
from tests.support.make_run import make_run, remove_untouched, touching
from tests.support.product import STOP_SECONDS, Product, running_product
from tests.support.servers import SharedServers

NAMES = {
    *("postgres", "valkey", "api-1", "coordinator-1", "worker-1", "worker-2", "notifier-1"),
}

SERVICES = ("api", "coordinator", "notifier", "worker")


@pytest.fixture(scope="module")
def stack() -> Iterator[Product]:
    with running_product({"WORKERS": "2"}) as started:
        yield started


def test_every_process_has_its_pid_and_its_log(stack: Product) -> None:
    assert {file.stem for file in (stack.data_dir / "pids").glob("*.pid")} == NAMES
    assert all(started_at(stack.pid(name)) for name in NAMES)
    assert {file.stem for file in (stack.data_dir / "logs").glob("*.log")} >= NAMES
    assert stack.is_ready()


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_process_that_is_killed_comes_back(stack: Product, name: str) -> None:
    before = stack.pid(name)
    stack.signal(name, signal.SIGKILL)
    eventually(lambda: stack.has_replaced(name, before))
    eventually(stack.is_ready, within=30)


def test_secrets_are_for_their_owner_only(stack: Product) -> None:
    files = list((stack.data_dir / "secrets").iterdir())
    assert {"secret_key", "database_url", "redis_url"} <= {file.name for file in files}
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    for name in NAMES:
        visible = Path(f"/proc/{stack.pid(name)}/cmdline").read_text()
        with suppress(PermissionError):  # only root reads a worker's
            visible += Path(f"/proc/{stack.pid(name)}/environ").read_text()
        assert not any(file.read_text().strip() in visible for file in files)


def test_each_service_logs_into_the_database_under_its_own_role(stack: Product) -> None:
    statement = """
        SELECT DISTINCT split_part(application_name, '-', 2), usename FROM pg_stat_activity
        WHERE application_name ~ '^punctual-(api|coordinator|notifier|worker)' ORDER BY 1
    """
    expected = [(name, f"punctual_{name}") for name in SERVICES]

    def found() -> list[tuple[object, ...]]:
        with stack.visitor() as visitor:  # asks the database who that is
            visitor.get("/api/tasks/", headers={"Authorization": "Token none"})
        with closing(psycopg2.connect(_dsn(stack))) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    eventually(lambda: found() == expected)


def test_commands_are_never_root_by_default(stack: Product) -> None:
    with closing(stack.user("root-no-more")) as user:
        task = user.post("/api/tasks/", json={"command": "id -u"}).raise_for_status().json()["id"]
        run = user.post(f"/api/tasks/{task}/run/").raise_for_status().json()["id"]
        eventually(lambda: user.get(f"/api/runs/{run}/").json()["state"] == "succeeded", within=30)
        uid = user.get(f"/api/runs/{run}/output/").text.strip()
    if os.geteuid() == 0:
        assert int(uid) > FIRST_SLOT_USER
    else:
        assert int(uid) == os.geteuid()
    notice = "commands of each slot run as a user of their own"
    assert (notice in stack.terminal()) == (os.geteuid() == 0)


def test_make_doctor_looks_over_the_stack_of_its_folder(stack: Product) -> None:
    command = [sys.executable, "-m", "punctual_devstack.doctor"]

    def findings() -> str:
        done = subprocess.run(
            command, env=stack.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    report = eventually(
        findings, within=60, every=1
    )  # those that were killed here are buried first
    assert report is not None
    assert "worker as punctual_worker" in report
    assert "of worker-1, worker-2 are isolated by" in report
    assert "worker-1 (" in report
    assert stack.secret("database_url") not in report


def test_servers_that_one_has_are_used_instead_of_the_embedded_ones(
    shared_servers: SharedServers,
) -> None:
    number = process_number()
    own = {
        "PUNCTUAL_DATABASE_URL": shared_servers.new_database(f"punctual_given_{number}"),
        "PUNCTUAL_REDIS_URL": shared_servers.redis_url(2 * number + 1),
        "PUNCTUAL_NAMESPACE": "given",
    }
    with running_product(own) as product, closing(product.user("ann")) as ann:
        assert {file.stem for file in (product.data_dir / "pids").glob("*.pid")} == {
            "api-1",
            "coordinator-1",
            "worker-1",
            "notifier-1",
        }
        task = ann.post("/api/tasks/", json={"command": "true"}).json()["id"]
        run = ann.post(f"/api/tasks/{task}/run/").raise_for_status().json()["id"]
        eventually(lambda: ann.get(f"/api/runs/{run}/").json()["state"] == "succeeded", within=30)


def test_a_second_stack_on_the_same_folder_is_refused(stack: Product) -> None:
    with Product(stack.data_dir) as second:
        second.launch()
        assert second.process.wait(10) == 1
        assert f"{stack.data_dir} is in use by process {stack.process.pid}" in second.terminal()


def test_a_used_port_is_refused_before_anything_starts(stack: Product, tmp_path: Path) -> None:
    with Product(tmp_path, environ={"PORT": str(stack.port)}) as second:
        second.launch()
        assert second.process.wait(10) == 1
        output = second.terminal()
    assert output == f"port {stack.port} is in use: choose another, as in PORT=8001\n"
    assert not list((tmp_path / "secrets").iterdir())


def test_a_folder_that_cannot_be_written_to_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    data_dir = str(tmp_path / "file" / "data")
    with Product(tmp_path, environ={"PUNCTUAL_DATA_DIR": data_dir}) as stack:
        stack.launch()
        assert stack.process.wait(30) == 1
        output = stack.terminal()
    assert output.startswith(f"PUNCTUAL_DATA_DIR: {tmp_path}/file/data")
    assert output.endswith(": Not a directory: choose a folder that can be written to\n")
    assert output.count("\n") == 1


def test_after_a_power_cut_everything_is_there_again() -> None:
    with running_product() as stack:
        with psycopg2.connect(_dsn(stack)) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept AS SELECT 1 AS one")
        connection.close()
        everyone = [stack.process.pid, *map(stack.pid, NAMES - {"worker-2"})]
        for pid in everyone:
            os.kill(pid, signal.SIGKILL)
        stack.process.wait()
        stack.stop()
        stack.start()
        with psycopg2.connect(_dsn(stack)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT one FROM kept")
            assert cursor.fetchone() == (1,)
        connection.close()


def test_a_killed_supervisor_is_no_obstacle_to_the_next() -> None:
    with running_product() as stack:
        stack.process.kill()
        stack.process.wait()
        stack.stop()
        stack.start()
        assert stack.is_ready()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_make_run_leaves_no_process_behind_when_it_stops(number: signal.Signals) -> None:
    with make_run() as (product, make):
        assert touching(product.data_dir)
        os.killpg(make.pid, number)
        make.wait(STOP_SECONDS)


def test_a_stop_during_the_start_leaves_no_process_behind() -> None:
    data_dir = reachable_temporary("punctual-early-")
    with Product(data_dir) as stack:
        stack.launch()
        eventually((data_dir / "pids" / "valkey.pid").exists)
    remove_untouched(data_dir)


def test_a_service_that_cannot_start_is_named_with_its_log(tmp_path: Path) -> None:
    (tmp_path / "flask.py").write_text("")  # found before the real one, by the API alone
    data_dir = reachable_temporary("punctual-broken-")
    with Product(data_dir, environ={"PYTHONPATH": str(tmp_path)}) as stack:
        stack.launch()
        assert stack.process.wait(60) == 1
        output = stack.terminal()
    assert "\napi-1 ended (exit code 1): starting it again in 1 s\n" in output
    error = f"ImportError: cannot import name 'Flask' from 'flask' ({tmp_path}/flask.py)"
    assert f"\n{error}\n" in output
    assert "\ngave up: api-1 cannot start\n" in output
    remove_untouched(data_dir)


def test_a_service_that_cannot_start_is_shown_with_its_log_while_the_others_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with running_product({"PUNCTUAL_HEALTH_PORT": port, "WORKERS": "0"}) as stack:
            log = "coordinator: PUNCTUAL_HEALTH_PORT: Address already in use\n" * 3
            eventually(lambda: log in stack.terminal(), within=30)
            assert "\ncoordinator-1 ended (exit code 2): starting it again" in stack.terminal()
            assert stack.is_ready()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"PUNCTUAL_SLOTS": "none"}, "PUNCTUAL_SLOTS must be a number of 0 or more, not 'none'"),
        ({"PUNCTUAL_SLOT": "3"}, "PUNCTUAL_SLOT is no setting: PUNCTUAL_SLOTS is."),
        (
            {"PUNCTUAL_REDIS_URL": "nonsense"},
            "PUNCTUAL_REDIS_URL must begin with redis:// or rediss:// or unix://",
        ),
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_start_in_one_sentence(
    setting: dict[str, str], message: str, tmp_path: Path
) -> None:
    with Product(tmp_path, environ=setting) as stack:
        stack.launch()
        assert stack.process.wait(30) == 1
        assert stack.terminal().startswith(message)
        assert stack.terminal().count("\n") == 1


def _dsn(stack: Product) -> str:
    url = make_url(stack.secret("database_url")).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)
