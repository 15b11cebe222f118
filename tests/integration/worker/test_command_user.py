"""Commands of a worker that is started as root are another user's, unless root is named."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from punctual.ops.process_user import unprivileged
from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_worker.commands.http_program import http_program
from punctual_worker.commands.http_request import FAULT
from tests.integration.worker.conftest import StartWorker, WorkerProcess
from tests.integration.worker.runner.harness import descendants, is_alive
from tests.integration.worker.runs import ended
from tests.support.eventually import eventually
from tests.support.rows import dispatch_all, new_run, new_task, run_row
from tests.support.web_server import Answer, WebServer, web_server

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user can get to."""
    made = reachable_temporary("punctual-command-user-")
    yield made
    shutil.rmtree(made)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server(lambda _request: Answer(200, body=b"done")) as started:
        yield started


def output_of(engine: Engine, **task: Any) -> str:
    run_id = new_run(engine, new_task(engine, **task))
    dispatch_all(engine)
    assert ended(engine, run_id).state == "succeeded", ended(engine, run_id).reason
    with engine.connect() as connection:
        statement = text("SELECT data FROM outputs WHERE run_id = :id")
        return bytes(connection.execute(statement, {"id": run_id}).scalar_one()).decode()


def test_commands_are_not_root_though_the_worker_is(
    engine: Engine, start_worker: StartWorker, folder: Path
) -> None:
    worker = start_worker(command_user="", work_dir=folder / "work", heartbeat_seconds=0.5)
    account = unprivileged()
    statement = 'id -u; id -g; id -G; echo >"$HOME/file" && pwd; echo $USER $LOGNAME'
    seen = output_of(engine, command=statement)
    assert seen.splitlines()[:3] == [str(account.uid), str(account.gid), str(account.gid)]
    assert Path(seen.splitlines()[3]).is_relative_to(folder / "work")
    assert seen.splitlines()[4].split() == ["nobody", "nobody"]
    assert '"command_user":"nobody"' in worker.log.read_text()


def test_scripts_and_requests_are_made_by_the_same_user(
    engine: Engine, start_worker: StartWorker, folder: Path, server: WebServer
) -> None:
    start_worker(
        command_user="",
        work_dir=folder / "work",
        heartbeat_seconds=0.5,
        http_allow_private="127.0.0.0/8",
    )
    script = {"interpreter": "sh", "body": "id -u"}
    assert output_of(engine, command="", script=script) == f"{unprivileged().uid}\n"
    request: dict[str, Any] = {
        "method": "GET",
        "url": f"{server.url}/",
        "headers": {},
        "body": None,
    }
    http = {**request, "expect": None, "timeout": 5, "follow_redirects": True}
    assert output_of(engine, command="", http=http).endswith("done")


def test_requests_find_a_python_that_their_user_can_run() -> None:
    account = unprivileged()
    program, *arguments = http_program(account)
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            os.execve(program, [program, *arguments, "/no/such/file"], {})
        finally:
            os._exit(99)
    # What it ends with when it cannot read the file: so it was found, with all that it imports.
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == FAULT


def test_a_command_cannot_write_above_its_home_by_mistake(
    engine: Engine, start_worker: StartWorker, folder: Path
) -> None:
    start_worker(command_user="", work_dir=folder / "work", heartbeat_seconds=0.5)
    command = "touch ../left 2>/dev/null || echo refused; ls -A .."
    assert output_of(engine, command=command) == "refused\nhome\n"


def test_a_setuid_program_gives_commands_nothing(
    engine: Engine, start_worker: StartWorker, folder: Path
) -> None:
    program = folder / "id"
    shutil.copy("/usr/bin/id", program)
    program.chmod(0o4755)
    start_worker(command_user="", work_dir=folder / "work", heartbeat_seconds=0.5)
    assert output_of(engine, command=f"{program} -u") == f"{unprivileged().uid}\n"
    with engine.connect() as connection:
        protections = connection.execute(text("SELECT isolation FROM workers")).scalar_one()
    assert "no_new_privileges" in protections


def test_commands_are_root_where_an_operator_names_it(
    engine: Engine, start_worker: StartWorker
) -> None:
    worker = start_worker(command_user="root", heartbeat_seconds=0.5)
    assert output_of(engine, command="id -u") == "0\n"
    assert "privileged commands permitted" in worker.log.read_text()


def test_a_folder_that_was_made_when_commands_were_root_is_handed_over(
    engine: Engine, start_worker: StartWorker, folder: Path
) -> None:
    (folder / "work" / "runner-1-abcd").mkdir(parents=True)
    start_worker(command_user="", work_dir=folder / "work", heartbeat_seconds=0.5)
    assert output_of(engine, command="id -u") == f"{unprivileged().uid}\n"


@pytest.mark.parametrize("occupied", ["something", None])
def test_a_folder_that_commands_cannot_use_stops_the_start_and_stays_as_it_is(
    folder: Path, occupied: str | None, tmp_path: Path
) -> None:
    work = folder / "work" if occupied else tmp_path / "work"  # below a folder of root alone
    work.mkdir()
    if occupied:
        (work / occupied).touch()
    worker = WorkerProcess({"PUNCTUAL_WORK_DIR": str(work)}, tmp_path / "log")
    assert worker.end() == 2
    assert f"PUNCTUAL_WORK_DIR: {work} cannot be used by {'nobody'}" in worker.log.read_text()
    assert not occupied or work.stat().st_uid == 0


def test_when_the_runner_is_killed_its_commands_are_too(
    engine: Engine, start_worker: StartWorker, folder: Path
) -> None:
    worker = start_worker(command_user="", work_dir=folder / "work", heartbeat_seconds=0.5)
    run_id = new_run(engine, new_task(engine, command="setsid sleep 600 & sleep 600"))
    dispatch_all(engine)
    eventually(lambda: run_row(engine, run_id).state == "running")
    [runner] = [pid for pid in descendants(worker.process.pid) if _is_runner(pid)]
    eventually(lambda: len(descendants(runner)) >= 3)
    commands = descendants(runner)
    os.kill(runner, signal.SIGKILL)
    assert worker.end() == 1
    assert not any(map(is_alive, commands))


def _is_runner(pid: int) -> bool:
    return b"punctual_worker.runner" in Path(f"/proc/{pid}/cmdline").read_bytes()
