"""With PUNCTUAL_SLOT_USERS the commands of each slot are a user of their own."""

import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from punctual.ops.slot_users import SlotUserRange
from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_worker.runner.supervise.user_processes import processes_of
from tests.integration.worker.conftest import StartWorker, WorkerProcess
from tests.integration.worker.processes import ipc_objects_of, is_runner, owner, status_of
from tests.integration.worker.runner.harness import descendants
from tests.integration.worker.runs import ended, output_of
from tests.integration.worker.secrets import PRIVATE, Secrets
from tests.support.eventually import eventually
from tests.support.processes import free_slot_users
from tests.support.rows import dispatch_all, new_run, new_task, new_team, run_row
from tests.support.web_server import Answer, web_server

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users"),
    pytest.mark.usefixtures("folder"),  # before the workers, to be removed after them
]
SLOTS = 4


@pytest.fixture
def users() -> SlotUserRange:
    return free_slot_users(SLOTS)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user can get to."""
    made = reachable_temporary("punctual-slot-users-")
    yield made
    shutil.rmtree(made)


@pytest.fixture
def worker(start_worker: StartWorker, folder: Path, users: SlotUserRange) -> WorkerProcess:
    return start_with(start_worker, folder, users)


def start_with(
    start_worker: StartWorker, folder: Path, users: SlotUserRange, **settings: object
) -> WorkerProcess:
    return start_worker(
        command_user="",
        slot_users=users.first,
        slots=users.slots,
        work_dir=folder / "work",
        heartbeat_seconds=0.5,
        drain_seconds=0,
        **settings,
    )


def started(engine: Engine, **task: Any) -> Any:
    run_id = new_run(engine, new_task(engine, **task))
    dispatch_all(engine)
    return run_id


def output(engine: Engine, **task: Any) -> str:
    run_id = started(engine, **task)
    assert ended(engine, run_id).state == "succeeded", ended(engine, run_id).reason
    return output_of(engine, run_id).decode()


@pytest.mark.usefixtures("worker")
def test_two_runs_at_once_are_two_users_and_neither_is_the_runner(
    engine: Engine, users: SlotUserRange, worker: WorkerProcess
) -> None:
    runs = [started(engine, command="exec sleep 600") for _ in range(2)]
    for run_id in runs:
        eventually(partial(_is_running, engine, run_id))
    found = eventually(lambda: len({owner(pid) for pid in processes_of(users.commands)}) == 2)
    assert found
    [runner] = [pid for pid in descendants(worker.process.pid) if is_runner(pid)]
    assert owner(runner) == users.runner.uid
    assert users.runner.uid not in users.commands
    fields = status_of(runner)
    assert fields["Groups"].split() == []
    assert int(fields["CapEff"], 16) == 1 << 5 | 1 << 6 | 1 << 7


@pytest.mark.parametrize(
    "task",
    [
        {"command": "id -u; id -g; id -G; id -ru; ls -nd $HOME; grep Cap /proc/self/status"},
        {"command": "", "script": {"interpreter": "sh", "body": "id -u; id -g; id -G; id -ru\n"}},
    ],
)
@pytest.mark.usefixtures("worker")
def test_a_command_is_its_user_alone(
    engine: Engine, users: SlotUserRange, task: dict[str, Any]
) -> None:
    lines = output(engine, **task).splitlines()
    [uid] = set(lines[:4])
    assert int(uid) in users.commands
    for line in lines[4:]:
        if line.startswith("d"):
            assert line.split()[0] == "drwx------"
            assert line.split()[2:4] == [uid, uid]
        elif not line.startswith("CapBnd"):
            assert int(line.split()[1], 16) == 0


def test_requests_are_made_by_the_user_of_a_slot(
    engine: Engine, start_worker: StartWorker, folder: Path, users: SlotUserRange
) -> None:
    start_with(start_worker, folder, users, http_allow_private="127.0.0.0/8")
    with web_server(lambda _request: Answer(200, body=b"done")) as server:
        request: dict[str, Any] = {
            "method": "GET",
            "url": f"{server.url}/",
            "headers": {},
            "body": None,
        }
        http = {**request, "expect": None, "timeout": 5, "follow_redirects": True}
        assert output(engine, command="", http=http).endswith("done")


def test_a_command_with_secrets_leaves_no_core_dump(
    engine: Engine, start_worker: StartWorker, folder: Path, users: SlotUserRange
) -> None:
    """Its limits are those that the process sets itself: another user's cannot be changed."""
    start_with(start_worker, folder, users, secrets_private_key=PRIVATE)
    secrets = Secrets(engine, new_team(engine))
    secrets.save("pg", "correct horse battery staple")
    run_id = secrets.run("ulimit -Sc; ulimit -Hc", {"A": {"secret": "pg"}})
    assert ended(engine, run_id).state == "succeeded"
    assert output_of(engine, run_id) == b"0\n0\n"


@pytest.mark.usefixtures("worker")
def test_what_leaves_group_session_parent_and_environment_ends_with_its_run(
    engine: Engine, users: SlotUserRange
) -> None:
    program = f"{shutil.which('python3', path='/usr/bin:/bin')}"
    flee = "import os, time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)"
    command = (
        f"""env -i {program} -c '{flee}; time.sleep(600)' >/dev/null 2>&1 </dev/null & """
        "nohup setsid sleep 600 >/dev/null 2>&1 & true"
    )
    run_id = started(engine, command=command, end_grace=0)
    assert ended(engine, run_id).state == "succeeded"
    assert processes_of(users.commands) == []


@pytest.mark.usefixtures("worker")
def test_what_a_run_leaves_in_shared_places_is_removed(
    engine: Engine, users: SlotUserRange, folder: Path
) -> None:
    name = f"punctual-left-{users.first}"
    precious = folder / "precious"
    precious.write_text("precious")
    precious.chmod(0o666)
    command = (
        f"cd /tmp; mkdir -p {name}/a/b; touch {name}/a/b/c; chmod 0 {name}/a; "
        f"ln -s {folder} /var/tmp/{name}; touch /dev/shm/{name}; "
        "ipcmk -M 100; ipcmk -Q; ipcmk -S 1; touch $HOME/../../next-to-it; ls -d /tmp/$0*; true"
    )
    output(engine, command=command)
    left = [Path(place, name) for place in ("/tmp", "/var/tmp", "/dev/shm")]
    eventually(lambda: not any(os.path.lexists(path) for path in left))
    eventually(lambda: ipc_objects_of(users.commands) == [])
    eventually(lambda: [*folder.glob("work/*/slots/*/next-to-it")] == [])
    assert precious.read_text() == "precious"


@pytest.mark.usefixtures("worker")
def test_no_run_finds_what_another_one_planted(engine: Engine) -> None:
    """Of each user of a slot, whose folder and mode and times it may set itself."""
    for place in ("..", "../.."):
        command = f"chmod 700 {place}; touch {place}/planted; chmod 500 ..; touch -d @0 .. {place}"
        for _ in range(2 * SLOTS):
            assert ended(engine, started(engine, command=command)).state == "succeeded"
    for _ in range(2 * SLOTS):
        assert output(engine, command="ls -A . ..; ls -A ../.. | wc -l") == ".:\n\n..:\nhome\n1\n"


def test_no_run_finds_what_was_left_when_a_runner_was_killed(
    engine: Engine, start_worker: StartWorker, folder: Path, users: SlotUserRange
) -> None:
    worker = start_with(start_worker, folder, users)
    left = Path("/tmp", f"punctual-private-{users.first}")
    started(engine, command=f"umask 077; echo private >{left}; sleep 600")
    eventually(left.exists)
    [runner] = [pid for pid in descendants(worker.process.pid) if is_runner(pid)]
    os.kill(runner, signal.SIGKILL)
    worker.end()
    assert left.exists()
    start_with(start_worker, folder, users, name="worker-2")
    eventually(lambda: not left.exists())


def test_a_worker_after_one_that_was_killed_ends_what_that_left(
    engine: Engine, start_worker: StartWorker, folder: Path, users: SlotUserRange
) -> None:
    first = start_with(start_worker, folder, users)
    started(engine, command="setsid sleep 600 & sleep 600")
    left = eventually(
        lambda: len(processes_of(users.commands)) >= 3 and processes_of(users.commands)
    )
    assert left
    [runner] = [pid for pid in descendants(first.process.pid) if is_runner(pid)]
    os.kill(runner, signal.SIGSTOP)
    first.signal(signal.SIGKILL)
    first.end()
    start_with(start_worker, folder, users, name="worker-2")
    assert not set(left) & set(processes_of(users.commands))


def test_another_worker_with_one_of_these_users_is_refused(
    worker: WorkerProcess, folder: Path, users: SlotUserRange, tmp_path: Path
) -> None:
    refused = _refused(tmp_path, folder, users.first + 3)
    assert "another worker of this machine uses users of the range" in refused


def test_users_that_exist_or_have_processes_are_refused(
    folder: Path, users: SlotUserRange, tmp_path: Path
) -> None:
    assert "user 1 of the range 1 to 9 is daemon" in _refused(tmp_path, folder, 1)
    stranger = subprocess.Popen(["sleep", "600"], user=users.first + 2)
    try:
        message = _refused(tmp_path, folder, users.first)
        assert f"process {stranger.pid} is one of the users {users} already" in message
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_folder_that_is_not_a_workers_stays_as_it_is(
    folder: Path, users: SlotUserRange, tmp_path: Path
) -> None:
    other, target = folder / "other", folder / "target"
    for place in (other, target):
        place.mkdir(0o700)
        (place / "precious").touch()
    assert "PUNCTUAL_WORK_DIR" in _refused(tmp_path, folder, users.first)
    assert stat.S_IMODE(other.stat().st_mode) == 0o700
    shutil.rmtree(other)
    other.symlink_to(target)
    assert "PUNCTUAL_WORK_DIR" in _refused(tmp_path, folder, users.first)
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    assert target.stat().st_uid == os.geteuid()


def _refused(tmp_path: Path, folder: Path, first: int) -> str:
    environ = {
        "PUNCTUAL_WORK_DIR": str(folder / "other"),
        "PUNCTUAL_SLOT_USERS": str(first),
        "PUNCTUAL_SLOTS": str(SLOTS),
    }
    worker = WorkerProcess(environ, tmp_path / "refused.log")
    assert worker.end() == 2
    return worker.log.read_text()


def test_a_run_that_forks_without_end_has_no_more_processes_than_its_limit(
    engine: Engine, start_worker: StartWorker, folder: Path, users: SlotUserRange
) -> None:
    start_with(start_worker, folder, users, limit_processes=40)
    run_id = started(engine, command="f() { f | f & }; f; sleep 600")
    row = ended(engine, run_id)
    assert (row.state, row.reason_code) == ("failed", "resource_limit"), row


def test_the_worker_says_that_slots_have_users(
    engine: Engine, worker: WorkerProcess, users: SlotUserRange
) -> None:
    with engine.connect() as connection:
        protections = connection.execute(text("SELECT isolation FROM workers")).scalar_one()
    assert {"user_per_slot", "unprivileged", "separate_user", "no_new_privileges"} <= set(
        protections
    )
    assert f'"command_user":"{users.commands[0]}-{users.commands[-1]}"' in worker.log.read_text()


def _is_running(engine: Engine, run_id: Any) -> bool:
    return bool(run_row(engine, run_id).state == "running")
