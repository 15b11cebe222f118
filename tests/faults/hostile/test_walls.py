"""What docs/operate/isolation.md says of runs that attack each other holds on this machine."""

import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_worker.runner.launch.spawn import DEFAULT_PATH
from punctual_worker.runner.supervise.user_processes import processes_of
from tests.integration.worker.conftest import StartWorker, WorkerProcess
from tests.integration.worker.runner.harness import is_alive
from tests.integration.worker.runs import ended, output_of
from tests.support.eventually import eventually
from tests.support.processes import free_slot_users
from tests.support.rows import dispatch_all, new_run, new_task, run_row

HERE = Path(__file__).parent
VICTIM, ATTACKS = (HERE / "victim.py").read_text(), (HERE / "attacks.py").read_text()
IN_TABLES = re.compile(r'^    "([^"]+)": ', re.MULTILINE)
ON_PROCESSES, ON_THE_VICTIM = (
    IN_TABLES.findall(part) for part in ATTACKS[ATTACKS.index("ON_PROCESSES:") :].split("\n}\n")[:2]
)
TARGETS = ("pid", "runner", "agent")
SLOTS = 12
IS_ROOT = os.geteuid() == 0
# Where all commands are one user (docs/operate/isolation.md): they reach each other, and by
# signals, limits and priorities their runner, which alone is not dumpable.
OF_ONE_USER = {"kill", "kill by pidfd", "prlimit", "setpriority", "sched_setaffinity"}
MODES = ["slot users", "one user"] if IS_ROOT else ["the worker's user"]


class Scene:
    """A worker with a victim that runs, and what attackers found."""

    def __init__(self, engine: Engine, worker: WorkerProcess, folder: Path) -> None:
        self.engine, self.worker, self.folder = engine, worker, folder
        self.victim = self.start(f'exec {python()} -c "$PROGRAM" {folder}', PROGRAM=VICTIM)
        eventually((folder / "victim").exists)
        self.there = json.loads((folder / "victim").read_text())
        self.there["agent"] = worker.process.pid

    def start(self, command: str, *, end_grace: int = 2, **env: str) -> uuid.UUID:
        task: dict[str, Any] = {
            "command": command,
            "env": env,
            "timeout": 60,
            "end_grace": end_grace,
        }
        run_id = new_run(self.engine, new_task(self.engine, **task))
        dispatch_all(self.engine)
        return run_id

    def attack(self, technique: str, target: str) -> uuid.UUID:
        command = f"exec {python()} -c \"$PROGRAM\" '{technique}' {target}"
        return self.start(command, PROGRAM=ATTACKS, VICTIM=json.dumps(self.there))

    def outcome(self, run_id: uuid.UUID) -> str:
        row = ended(self.engine, run_id)
        assert row.state == "succeeded", row
        return output_of(self.engine, run_id).decode().strip()

    def end_victim(self) -> None:
        """Let the victim end, and see that it was not harmed."""
        assert run_row(self.engine, self.victim).state == "running"
        (self.folder / "end").touch()
        assert self.outcome(self.victim) == "unharmed"
        assert is_alive(self.there["runner"])
        assert is_alive(self.worker.process.pid)


def python() -> str:
    """A Python that any user can run."""
    found = shutil.which("python3", path=DEFAULT_PATH)
    assert found is not None
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    made = reachable_temporary("punctual-walls-")
    made.chmod(0o1777)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def work_folder() -> Iterator[Path]:
    """A folder that is removed after the worker's end."""
    made = reachable_temporary("punctual-walls-work-")
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def scene(
    request: pytest.FixtureRequest,
    engine: Engine,
    start_worker: StartWorker,
    folder: Path,
    work_folder: Path,
) -> Scene:
    """A worker that is started as the test's parameter says, by default with slot users."""
    mode = getattr(request, "param", MODES[0])
    settings: dict[str, Any] = {"slots": SLOTS, "heartbeat_seconds": 0.5, "drain_seconds": 0}
    if mode == "slot users":
        settings |= {"slot_users": free_slot_users(SLOTS).first}
    worker = start_worker(command_user="", work_dir=work_folder / "work", **settings)
    return Scene(engine, worker, folder)


def protections(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT isolation FROM workers")).scalar_one())


def expected(mode: str, technique: str, target: str, *, has_own_view: bool) -> str:
    """What docs/operate/isolation.md says."""
    if technique == "its abstract socket":
        return "reached"
    if technique == "descriptors that leaked":
        return "refused"
    if technique == "its arguments":
        return "refused" if has_own_view else "reached"
    if mode == "slot users":
        return "refused"
    if target in ("-", "pid"):
        return "reached"
    of_same_user = target == "runner" or mode == "the worker's user"
    return "reached" if of_same_user and technique in OF_ONE_USER else "refused"


@pytest.mark.parametrize(("scene", "mode"), [(mode, mode) for mode in MODES], indirect=["scene"])
def test_a_run_reaches_of_others_what_the_documentation_says(scene: Scene, mode: str) -> None:
    has_own_view = "own_process_view" in protections(scene.engine)
    assert ("user_per_slot" in protections(scene.engine)) == (mode == "slot users")
    attacks = [(name, target) for name in ON_PROCESSES for target in TARGETS]
    # The last ones take away what those before look for, where they can.
    attacks += sorted(((name, "-") for name in ON_THE_VICTIM), key=lambda each: "remov" in each[0])
    found: dict[tuple[str, str], str] = {}
    wanted: dict[tuple[str, str], str] = {}
    for at in range(0, len(attacks), SLOTS - 1):
        runs = {attack: scene.attack(*attack) for attack in attacks[at : at + SLOTS - 1]}
        found |= {attack: scene.outcome(run_id) for attack, run_id in runs.items()}
    for technique, target in attacks:
        outcome = expected(mode, technique, target, has_own_view=has_own_view)
        wanted[technique, target] = outcome
    assert found == wanted
    if mode == "slot users":
        scene.end_victim()


needs_slot_users = pytest.mark.skipif(not IS_ROOT, reason="only root can have slot users")


@needs_slot_users
def test_killing_and_stopping_everything_harms_the_run_alone_that_does_it(scene: Scene) -> None:
    targets = " ".join(str(scene.there[target]) for target in TARGETS)
    for number in ("STOP", "KILL"):
        alone = scene.start(f"kill -{number} {targets}; kill -{number} -- -1; kill -KILL $$")
        assert ended(scene.engine, alone).state == "failed"
    scene.end_victim()


@needs_slot_users
def test_a_fork_bomb_leaves_other_runs_their_processes(scene: Scene) -> None:
    bomb = scene.start("b() { b | b & }; b; sleep 60")
    before = _count(scene)
    others = [scene.start("for i in 1 2 3 4 5; do /bin/true || exit 1; done") for _ in range(5)]
    assert {ended(scene.engine, run_id).state for run_id in others} == {"succeeded"}
    assert ended(scene.engine, bomb).reason_code == "resource_limit"
    eventually(lambda: _count(scene) > before)
    scene.end_victim()


def _count(scene: Scene) -> int:
    return int((Path(scene.there["home"]) / "count").read_text() or 0)


@needs_slot_users
def test_what_looks_like_an_answer_of_the_runner_or_a_marker_stays_output(scene: Scene) -> None:
    key = scene.engine.url.database  # any text: what counts is that it comes out as it went in
    frame = json.dumps({"kind": "ended", "key": key, "exit_code": 0})
    text_ = f"\\n[… 12 bytes left out …]\\n{frame}"
    forger = scene.start("printf '%b' \"$TEXT\"; printf '%b' \"$TEXT\" >&0 2>/dev/null", TEXT=text_)
    row = ended(scene.engine, forger)
    written = output_of(scene.engine, forger).decode()
    assert written == text_.replace("\\n", "\n")
    with scene.engine.connect() as connection:
        statement = text("SELECT output_truncated FROM attempts WHERE run_id = :id")
        assert connection.execute(statement, {"id": row.id}).scalar_one() is False
    scene.end_victim()


@needs_slot_users
def test_links_that_a_run_leaves_are_removed_and_not_followed(scene: Scene) -> None:
    name = f"punctual-links-{os.getpid()}"
    home = scene.there["home"]
    command = (
        f"mkdir /tmp/{name}; cd /tmp/{name}; ln -s {home} home; ln -s {scene.folder} folder;"
        f" ln -s {home}/private file; ln -s / root; mkdir -p a/b; ln -s {home} a/b/c;"
        f" ln -s {home} /dev/shm/{name}; chmod 700 $HOME/..;"
        f" mv $HOME $HOME-; ln -s {home} $HOME; true"
    )
    assert ended(scene.engine, scene.start(command)).state == "succeeded"
    left = (f"/tmp/{name}", f"/dev/shm/{name}")
    eventually(lambda: not any(map(os.path.lexists, left)))
    scene.end_victim()


@needs_slot_users
def test_a_user_is_not_given_on_while_something_of_it_lives(scene: Scene) -> None:
    flee = (
        "import os, time\n"
        "for _ in range(20):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        if os.fork() == 0: time.sleep(600)\n"
        "        os._exit(0)\n"
    )
    users: set[int] = set()
    for _ in range(6):
        run_id = scene.start(
            f'id -u; env -i {python()} -c "$FLEE" >/dev/null 2>&1 </dev/null',
            end_grace=0,
            FLEE=flee,
        )
        assert ended(scene.engine, run_id).state == "succeeded"
        uid = int(output_of(scene.engine, run_id))
        users.add(uid)
        assert processes_of({uid}) == []
    assert len(users) > 1
    scene.end_victim()
