"""What docs/operate/isolation.md says of networks that commands reach holds on this machine."""

import os
import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine

from punctual.ops.slot_users import SlotUserRange
from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_worker.agent.networks.packet_filter import PATH, PROGRAM
from punctual_worker.agent.networks.resolvers import name_servers
from punctual_worker.agent.networks.ruleset import table_of
from tests.faults.hostile.test_walls import python
from tests.integration.worker.conftest import StartWorker, WorkerProcess
from tests.integration.worker.runs import ended, output_of
from tests.support.processes import free_slot_users
from tests.support.rows import dispatch_all, new_run, new_task
from tests.support.web_server import Answer, WebServer, web_server

NFT = shutil.which(PROGRAM, path=PATH)
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can have slot users"),
    pytest.mark.skipif(NFT is None, reason="there is no nft (apt install nftables)"),
]
REACHING = (Path(__file__).parent / "reaching.py").read_text()
SLOTS = 6
Start = Callable[..., WorkerProcess]
NOWHERE = {  # no packet of these comes anywhere, from a worker that is not restricted either
    "metadata": ("tcp", "169.254.169.254", 80),
    "metadata by UDP": ("udp", "169.254.169.254", 53),
    "a private network": ("tcp", "10.255.255.1", 22),
    "another name server": ("udp", "10.255.255.1", 53),
    "its name server as another service": ("tcp", str(name_servers()[0]), 22),
    "metadata by IPv6": ("udp", "fd00:ec2::254", 80),
    "a documentation address": ("udp", "192.0.2.77", 9),
}


@pytest.fixture
def users() -> SlotUserRange:
    return free_slot_users(SLOTS)


@pytest.fixture
def work_folder() -> Iterator[Path]:
    made = reachable_temporary("punctual-networks-")
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server(lambda request: Answer(200)) as started:
        yield started


class Commands:
    """A worker, and commands on it."""

    def __init__(self, engine: Engine, worker: WorkerProcess) -> None:
        self.worker = worker
        self._engine = engine

    def start(self, *arguments: object) -> uuid.UUID:
        command = f'exec {python()} -c "$PROGRAM" {" ".join(map(str, arguments))}'
        task = new_task(self._engine, command=command, env={"PROGRAM": REACHING}, max_retries=0)
        run_id = new_run(self._engine, task)
        dispatch_all(self._engine)
        return run_id

    def outcome(self, run_id: uuid.UUID) -> str:
        ended(self._engine, run_id)
        return output_of(self._engine, run_id).decode().strip()

    def outcomes(self, **ways: tuple[object, ...]) -> dict[str, str]:
        """What came of each, tried at once."""
        started = {name: self.start(*way) for name, way in ways.items()}
        return {name: self.outcome(run_id) for name, run_id in started.items()}


@pytest.fixture
def start(start_worker: StartWorker, users: SlotUserRange, work_folder: Path) -> Start:
    """Starts a worker that keeps its commands to some networks."""

    def begin(networks: str, *, name: str = "worker-1") -> WorkerProcess:
        return start_worker(
            name,
            command_user="",
            slot_users=users.first,
            slots=SLOTS,
            heartbeat_seconds=0.5,
            drain_seconds=0,
            work_dir=work_folder / "work",
            command_networks=networks,
            http_allow_private="true",
        )

    return begin


@pytest.fixture
def commands(request: pytest.FixtureRequest, engine: Engine, start: Start) -> Commands:
    """A worker that is started with the test's parameter, by default `internet`."""
    return Commands(engine, start(getattr(request, "param", "internet")))


def tables() -> str:
    assert NFT is not None
    listed = subprocess.run([NFT, "list", "tables"], check=True, capture_output=True, text=True)
    return listed.stdout


def test_servers_of_this_machine_are_out_of_reach(
    commands: Commands, server: WebServer, database_url: str, redis_url: str
) -> None:
    ways: dict[str, tuple[object, ...]] = {"a server": ("tcp", "127.0.0.1", server.port)}
    for name, url in (("the database", database_url), ("Redis", redis_url)):
        there = urlsplit(url)
        if there.hostname:  # not where it is a socket in a folder
            ways[name] = ("tcp", there.hostname, there.port)
    with ExitStack() as stack:
        ports = {}
        listeners = {}
        for host, kind in (("::1", socket.SOCK_STREAM), ("127.0.0.1", socket.SOCK_DGRAM)):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listeners[host] = listener = stack.enter_context(socket.socket(family, kind))
            listener.bind((host, 0))
            if kind == socket.SOCK_STREAM:
                listener.listen()
            ports[host] = listener.getsockname()[1]
        ways["a server by IPv6"] = ("tcp", "::1", ports["::1"])
        ways["a server by UDP"] = ("udp", "127.0.0.1", ports["127.0.0.1"])
        found = commands.outcomes(**ways)
        listeners["127.0.0.1"].settimeout(0.1)
        with pytest.raises(TimeoutError):
            listeners["127.0.0.1"].recv(1)  # nothing came
    assert found == dict.fromkeys(ways, "refused")
    assert server.requests == []


def test_metadata_and_private_networks_are_refused_at_once(commands: Commands) -> None:
    found = commands.outcomes(**NOWHERE)
    assert found == dict.fromkeys(NOWHERE, "refused")


def test_a_run_reaches_its_own_servers_and_its_name_servers(commands: Commands) -> None:
    ways: dict[str, tuple[object, ...]] = {
        f"its own by {host}": ("own", host) for host in ("127.0.0.1", "::1")
    }
    for address in name_servers():
        ways[f"DNS at {address}"] = ("udp", str(address), "53")
    found = commands.outcomes(**ways)
    own = [name for name in ways if name.startswith("its own")]
    assert {name: found[name] for name in own} == dict.fromkeys(own, "reached")
    assert "refused" not in found.values()  # there may be no server at such an address


def test_a_public_address_is_not_refused(commands: Commands) -> None:
    found = commands.outcomes(public=("udp", "198.41.0.4", 9))  # a root server's, of no such port
    assert found["public"] != "refused"


def test_a_run_does_not_reach_the_server_of_another_run(
    commands: Commands, engine: Engine, work_folder: Path
) -> None:
    file = work_folder / "port"
    file.touch()
    file.chmod(0o666)
    serving = (
        "import socket, time; s = socket.create_server(('127.0.0.1', 0));"
        f" open('{file}', 'w').write(str(s.getsockname()[1])); time.sleep(60)"
    )
    task = new_task(engine, command=f'exec {python()} -c "{serving}"')
    new_run(engine, task)
    dispatch_all(engine)
    while not file.read_text():
        assert commands.worker.process.poll() is None
    port = int(file.read_text())
    assert commands.outcomes(other=("tcp", "127.0.0.1", port)) == {"other": "refused"}
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass  # it is there for processes that are no commands


@pytest.mark.parametrize("commands", ["internet,127.0.0.0/8"], indirect=True)
def test_a_network_that_is_named_is_reached(commands: Commands, server: WebServer) -> None:
    found = commands.outcomes(
        named=("tcp", "127.0.0.1", server.port), other=("tcp", "10.255.255.1", 22)
    )
    assert found == {"named": "reached", "other": "refused"}


@pytest.mark.parametrize("commands", ["all"], indirect=True)
def test_everything_is_reached_where_that_is_set(
    commands: Commands, server: WebServer, users: SlotUserRange
) -> None:
    assert commands.outcomes(open=("tcp", "127.0.0.1", server.port)) == {"open": "reached"}
    assert table_of(users.commands) not in tables()


def test_requests_of_http_tasks_are_refused_in_words(
    commands: Commands, engine: Engine, server: WebServer
) -> None:
    request: dict[str, object] = {
        "method": "GET",
        "url": server.url,
        "headers": {},
        "body": None,
        "expect": None,
    }
    http = {**request, "timeout": 5, "follow_redirects": True}
    run_id = new_run(engine, new_task(engine, command="", http=http, max_retries=0))
    dispatch_all(engine)
    run = ended(engine, run_id)
    assert run.reason == (
        "refused: 127.0.0.1 is a loopback address (PUNCTUAL_COMMAND_NETWORKS) (exit code 9)"
    )
    assert server.requests == []
    assert commands.worker.process.poll() is None


def test_the_rules_stay_after_a_killed_worker_until_the_next_one(
    start: Start, users: SlotUserRange
) -> None:
    table = table_of(users.commands)
    killed = start("internet")
    killed.signal(signal.SIGKILL)
    killed.end()
    assert tables().count(table) == 1
    second = start("internet", name="worker-2")
    assert tables().count(table) == 1
    second.signal(signal.SIGTERM)
    assert second.end() == 0
    assert table not in tables()
    third = start("internet", name="worker-3")
    third.signal(signal.SIGKILL)
    third.end()
    start("all", name="worker-4")
    assert table not in tables()
