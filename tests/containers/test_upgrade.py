"""A rolling upgrade under load: service after service becomes the next release, nothing is lost."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from punctual.store.schema.migrate import head
from tests.containers.composition import SERVICES, Composition
from tests.containers.tasks import Json, in_seconds, in_state
from tests.support.eventually import eventually

NEXT = "99.0.0"
DOCTOR = ("exec", "-T", "api", "punctual", "doctor")
LABEL = "org.opencontainers.image.version"


class Customer:
    """A user who makes a task each half second, and repeats what was not answered."""

    def __init__(self, client: httpx.Client) -> None:
        self.made: list[Json] = []
        self._client = client
        self._stop = threading.Event()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Makes tasks until the block ends; each has been answered by then."""
        thread = threading.Thread(target=self._work)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _work(self) -> None:
        while not self._stop.wait(0.5):
            self.made.append(self._create())

    def _create(self) -> Json:
        task = {"command": "echo $PUNCTUAL_ATTEMPT", "schedule_time": in_seconds(5)}
        again = {"Idempotency-Key": uuid.uuid4().hex}
        while True:
            try:
                answer = self._client.post("/api/tasks/", json=task, headers=again)
            except httpx.TransportError:
                continue
            if answer.status_code == 201:
                made: Json = answer.json()
                return made
            assert answer.status_code in (429, 502, 503), answer.text
            threading.Event().wait(0.2)


MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999_next_release", "{head}", None, None


def upgrade():
    op.create_table("of_next_release", sa.Column("id", sa.Uuid(), primary_key=True))
    op.add_column("runs", sa.Column("of_next_release", sa.Text(), nullable=True))
    for table in ("tasks", "workers", "coordinators"):
        column = sa.Column("of_next_release", sa.Integer(), nullable=False, server_default="0")
        op.add_column(table, column)
"""
BACK = "DROP TABLE of_next_release; UPDATE alembic_version SET version_num = '{head}';" + "".join(
    f" ALTER TABLE {table} DROP of_next_release;"
    for table in ("runs", "tasks", "workers", "coordinators")
)


@pytest.fixture
def _same_release_again(composition: Composition) -> Iterator[None]:
    """Gives images and tables back their own release for the tests that come after."""
    yield
    if revision(composition) == "9999_next_release":
        psql(composition, BACK.format(head=head()))
    composition.up("--build")


def psql(composition: Composition, statement: str) -> str:
    """What the database's owner is answered."""
    command = ("psql", "-U", "punctual", "-d", "punctual", "-At", "-c", statement)
    return composition.compose("exec", "-T", "postgres", *command).strip()


def revision(composition: Composition) -> str:
    return psql(composition, "SELECT version_num FROM alembic_version")


def migrate_to_next_release(composition: Composition, folder: Path) -> None:
    """Runs the next release's `migrate`, which knows of one migration more than this one's."""
    file = folder / "9999_next_release.py"
    file.write_text(MIGRATION.format(head=head()))
    program = "import punctual.store.schema as s; print(s.__path__[0], end='')"
    schema = composition.compose("exec", "-T", "api", "python", "-c", program)
    volume = f"--volume={file}:{schema}/migrations/versions/{file.name}:ro"
    composition.compose("run", "--rm", "--no-deps", "--no-TTY", volume, "migrate")
    assert revision(composition) == "9999_next_release"


def versions(composition: Composition, service: str) -> list[str]:
    """The releases of a service's containers."""
    known = (composition.inspect(each) for each in composition.containers(service))
    return [each["Config"]["Labels"][LABEL] for each in known]


@pytest.mark.usefixtures("_same_release_again")
def test_a_rolling_upgrade_under_load_loses_and_doubles_nothing(
    composition: Composition, tmp_path: Path
) -> None:
    with closing(composition.user(f"ann-{uuid.uuid4().hex[:8]}")) as ann:
        due = [in_seconds(5 + n / 2) for n in range(240)]
        items = [{"command": "echo $PUNCTUAL_ATTEMPT", "schedule_time": at} for at in due]
        ids = ann.post("/api/tasks/bulk/", json={"items": items}).raise_for_status().json()["ids"]
        customer = Customer(ann)
        with customer.at_work(), composition.settings(PUNCTUAL_VERSION=NEXT):
            composition.compose("build")
            migrate_to_next_release(composition, tmp_path)
            # For a while all that is at work is of the release before the tables'.
            report, before = composition.compose(*DOCTOR), len(customer.made)
            assert "of a newer release than this" in report
            eventually(lambda: len(customer.made) > before + 10, within=60)
            in_state(ann, customer.made[before + 1], "succeeded")
            for service in ("coordinator", "worker", "api"):
                number = SERVICES[service]
                scale = f"--scale={service}={number}"
                composition.compose("up", "--detach", "--wait", "--no-deps", scale, service)
                assert versions(composition, service) == [NEXT] * number
        tasks = [{"id": each} for each in ids] + customer.made
        assert len(customer.made) > 10
        for task in tasks:
            run = in_state(ann, task, "succeeded", within=120)
            shown = ann.get(f"/api/runs/{run['id']}/").raise_for_status().json()
            assert [attempt["state"] for attempt in shown["attempts"]] == ["succeeded"], shown
