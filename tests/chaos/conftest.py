"""Servers and fields for scenarios, and one table of what they measured."""

import random
import shutil
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from punctual.store.migrate import migrate
from punctual_devstack.servers import Servers, temporary_servers
from tests.chaos.customer import Customer
from tests.chaos.field import Field, laid_field
from tests.chaos.figures import Figure, Figures

SCENARIO_SECONDS = 300
FAILED: pytest.StashKey[bool] = pytest.StashKey()
NewField = Callable[..., Field]
NewCustomer = Callable[[Field], Customer]
Measured = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds how long the random mix goes on, and the seed to repeat one by."""
    parser.addoption("--soak", type=float, default=40.0, help="seconds of the random mix")
    parser.addoption("--seed", type=int, default=None, help="seed of the random mix")


def pytest_configure(config: pytest.Config) -> None:
    """Has the controlling process collect what all of them measure."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Figures(), "punctual-figures")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives scenarios the time they need: an outage of a minute takes longer than a test may."""
    for item in items:
        if "tests/chaos" in item.path.as_posix() and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SCENARIO_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Lets fixtures know that their test failed."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A careful PostgreSQL and a Valkey that the scenarios of this process may kill."""
    with temporary_servers(careless=False) as started:
        migrate(started.create_database("punctual_template"))
        yield started


@pytest.fixture
def new_field(servers: Servers, request: pytest.FixtureRequest) -> Iterator[NewField]:
    """Lays fields, each with a database of its own; all of them are cleared away.

    The logs of one whose test failed are kept in build/chaos.
    """
    with ExitStack() as stack:

        def lay(**options: Any) -> Field:
            name = f"chaos_{uuid.uuid4().hex[:12]}"
            field = stack.enter_context(laid_field(servers, database=name, **options))
            stack.callback(keep_logs, field)
            return field

        def keep_logs(field: Field) -> None:
            if request.node.stash.get(FAILED, False):
                kept = Path("build/chaos") / request.node.name
                kept.mkdir(parents=True, exist_ok=True)
                for log in (*field.folder.glob("*.log"), servers.postgres.log):
                    shutil.copy(log, kept)

        yield lay
    servers.postgres.start()
    servers.valkey.start()


@pytest.fixture
def new_customer() -> Iterator[NewCustomer]:
    """Registers users at a field's API."""
    with ExitStack() as stack:

        def register(field: Field) -> Customer:
            return stack.enter_context(closing(Customer(field)))

        yield register


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Measured:
    """Notes a figure for the table: of what, the bound, and what it was, both in seconds."""

    def note(scenario: str, *, what: str, bound: float, seconds: float) -> None:
        record_property("figure", Figure(scenario, what, bound, round(seconds, 2)).as_row())

    return note


@pytest.fixture
def soak_seconds(request: pytest.FixtureRequest) -> float:
    """How long the random mix goes on."""
    return float(request.config.getoption("--soak"))


@pytest.fixture
def soak_seed(request: pytest.FixtureRequest) -> int:
    """The seed of the random mix: the one asked for, or another one each time."""
    asked: int | None = request.config.getoption("--seed")
    return random.randrange(10**6) if asked is None else asked
