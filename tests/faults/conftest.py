"""Servers and clusters for scenarios, and one table of what they measured."""

import fcntl
import random
import shutil
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from punctual_devstack.servers.temporary import Servers, temporary_servers
from tests.faults.figures import Figure, Figures
from tests.faults.system.api_client import Customer
from tests.faults.system.cluster import Cluster
from tests.faults.system.cluster_setup import started_cluster
from tests.support.servers import create_template

SCENARIO_SECONDS = 300
FAILED: pytest.StashKey[bool] = pytest.StashKey()
NewCluster = Callable[..., Cluster]
NewCustomer = Callable[[Cluster], Customer]
Measured = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds how long the random mix goes on, and the seed to repeat one by."""
    parser.addoption("--soak", type=float, default=40.0, help="seconds of the random mix")
    parser.addoption("--seed", type=int, default=None, help="seed of the random mix")


def pytest_configure(config: pytest.Config) -> None:
    """Has the controlling process collect what all of them measure."""
    config.addinivalue_line(
        "markers", "alone: needs both cores, so nothing else runs at the same time"
    )
    if config.option.seed is None:
        config.option.seed = random.randrange(10**6)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Figures(), "punctual-figures")


def pytest_report_header(config: pytest.Config) -> str:
    """Says what to repeat a random mix by."""
    return f"random mix: --soak {config.option.soak:g} --seed {config.option.seed}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives scenarios the time they need: an outage of a minute takes longer than a test may."""
    for item in items:
        if "tests/faults" in item.path.as_posix() and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SCENARIO_SECONDS, func_only=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Lets fixtures know that their test failed."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(autouse=True)
def _turn(request: pytest.FixtureRequest) -> Iterator[None]:
    """Lets scenarios that need the whole machine have it."""
    alone = request.node.get_closest_marker("alone") is not None
    Path("build").mkdir(exist_ok=True)
    with Path("build/chaos.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A careful PostgreSQL and a Valkey that the scenarios of this process may kill."""
    with temporary_servers(careless=False) as started:
        create_template(started)
        yield started


@pytest.fixture
def new_cluster(servers: Servers, request: pytest.FixtureRequest) -> Iterator[NewCluster]:
    """Lays clusters, each with a database of its own; all of them are cleared away.

    The logs of one whose test failed are kept in build/chaos.
    """
    with ExitStack() as stack:

        def lay(**options: Any) -> Cluster:
            name = f"chaos_{uuid.uuid4().hex[:12]}"
            cluster = stack.enter_context(started_cluster(servers, database=name, **options))
            stack.callback(keep_logs, cluster)
            return cluster

        def keep_logs(cluster: Cluster) -> None:
            if request.node.stash.get(FAILED, False):
                target = Path("build/chaos") / request.node.name
                target.mkdir(parents=True, exist_ok=True)
                for log in (*cluster.folder.glob("*.log"), servers.postgres.log):
                    shutil.copy(log, target)

        yield lay
    servers.postgres.start()
    servers.valkey.start()


@pytest.fixture
def new_customer() -> Iterator[NewCustomer]:
    """Registers users at a cluster's API."""
    with ExitStack() as stack:

        def register(cluster: Cluster) -> Customer:
            return stack.enter_context(closing(Customer(cluster)))

        yield register


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Measured:
    """Notes a figure for the table, and holds it to its bound; both in seconds."""

    def note(scenario: str, *, what: str, bound: float, seconds: float) -> None:
        record_property("figure", Figure(scenario, what, bound, round(seconds, 2)).as_row())
        assert seconds <= bound, f"{what}: {seconds:.1f} s, of {bound:g}"

    return note


@pytest.fixture
def soak_seconds(request: pytest.FixtureRequest) -> float:
    """How long the random mix goes on."""
    return float(request.config.getoption("--soak"))


@pytest.fixture
def soak_seed(request: pytest.FixtureRequest) -> int:
    """The seed of the random mix: the one asked for, or another one each time."""
    return int(request.config.getoption("--seed"))
