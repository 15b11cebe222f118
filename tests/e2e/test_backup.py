"""A backup brings everything back; nothing else is lost over it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from punctual.store.schema.migrate import head
from punctual_devstack.servers.database_session import Client
from punctual_devstack.servers.database_session import program as database_program
from punctual_devstack.servers.postgres_user import reachable_temporary
from tests.support.eventually import eventually
from tests.support.product import Product, running_product

QUICK = {
    "PUNCTUAL_SWEEP_SECONDS": "0.5",
    "PUNCTUAL_HEARTBEAT_SECONDS": "0.5",
    "PUNCTUAL_LEASE_SECONDS": "4",
    "PUNCTUAL_SELF_FENCE_SECONDS": "2.5",
}

REFUSE_RESTORE = """
CREATE FUNCTION refuse_restore() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('application_name') <> 'punctual-restore' THEN
        RETURN NULL;
    END IF;
    IF current_setting('statement_timeout') <> '0' THEN
        RAISE 'a statement timeout is set';
    END IF;
    RAISE '%%', '%s' USING ERRCODE = '53100';
END $$;
CREATE TRIGGER refuse_restore BEFORE UPDATE ON runs EXECUTE FUNCTION refuse_restore();
"""


@pytest.fixture
def product() -> Iterator[Product]:
    """A product that runs, in a data directory of its own."""
    data_dir = reachable_temporary("punctual-backup-")
    try:
        with Product(data_dir) as product:
            product.start()
            yield product
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


def program(product: Product, name: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What `make backup` and `make restore` run."""
    return subprocess.run(
        [sys.executable, "-m", f"punctual_devstack.{name}"],
        env={**product.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def ended(client: httpx.Client, task: str) -> dict[str, Any]:
    """The last run of a task, once it has ended."""

    def probe() -> dict[str, Any] | None:
        last: dict[str, Any] | None = client.get(f"/api/tasks/{task}/").json()["last_run"]
        return last if last and last["finished_at"] else None

    found = eventually(probe, within=20)
    assert found is not None
    return found


def set_revision(product: Product, revision: str) -> None:
    execute(product, f"UPDATE alembic_version SET version_num = '{revision}'")


def execute(product: Product, statements: str) -> None:
    engine = create_engine(make_url(product.secret("database_url")))
    with engine.begin() as connection:
        connection.execute(text(statements))
    engine.dispose()


def databases(product: Product) -> list[str]:
    url = make_url(product.secret("database_url"))
    engine: Engine = create_engine(url)
    try:
        with engine.connect() as connection:
            statement = "SELECT datname FROM pg_database WHERE datname LIKE 'punctual%' ORDER BY 1"
            return list(connection.execute(text(statement)).scalars())
    finally:
        engine.dispose()


def test_a_backup_of_the_running_product_brings_everything_back(product: Product) -> None:
    with closing(product.user("ann")) as ann:
        ran = ann.post("/api/tasks/", json={"command": "echo kept"}).json()["id"]
        ann.post(f"/api/tasks/{ran}/run/").raise_for_status()
        run = ended(ann, ran)
        soon = datetime.now().astimezone() + timedelta(days=1)
        due = ann.post(
            "/api/tasks/", json={"command": "true", "schedule": {"at": soon.isoformat()}}
        ).json()
        file = Path(program(product, "backup").stdout.strip())
        assert file.parent == product.data_dir / "backups"
        assert file.stat().st_mode & 0o777 == 0o600

        ann.delete(f"/api/tasks/{due['id']}/").raise_for_status()
        later = ann.post("/api/tasks/", json={"command": "true"}).json()["id"]
        refused = program(product, "restore", FROM=str(file))
        assert refused.returncode == 1
        assert "stop it first" in refused.stderr

        product.stop()
        restored = program(product, "restore", FROM=str(file))
        assert restored.returncode == 0, restored.stderr
        product.start()

        # The token, a row of the backup, is still good.
        assert ann.get(f"/api/tasks/{due['id']}/").json() == due
        assert ann.get(f"/api/runs/{run['id']}/output/").text == "kept\n"
        assert ann.get(f"/api/tasks/{later}/").status_code == 404
        ann.post(f"/api/tasks/{ran}/run/").raise_for_status()
        assert eventually(lambda: ended(ann, ran)["id"] != run["id"], within=20)
    old = restored.stdout.split()[-1]
    assert databases(product) == ["punctual", old]


def test_no_fence_of_a_run_is_given_out_again_after_a_restore(open_folder: Path) -> None:
    seen = open_folder / "fences"
    seen.touch()
    seen.chmod(0o666)

    def fences(*, least: int) -> list[int]:
        def probe() -> list[str] | None:
            found = seen.read_text().split()
            return found if len(found) >= least else None

        return [int(fence) for fence in eventually(probe, within=30) or ()]

    retries = {"max_retries": 50, "retry_delay": 1, "retry_delay_max": 1}
    task = {"command": f"echo $PUNCTUAL_FENCE >> {seen}; exit 1", **retries}
    with running_product(QUICK) as product, closing(product.user("ann")) as ann:
        created = ann.post("/api/tasks/", json=task).raise_for_status().json()["id"]
        ann.post(f"/api/tasks/{created}/run/").raise_for_status()
        fences(least=1)
        file = program(product, "backup").stdout.strip()
        given_out = fences(least=4)
        for _ in range(2):
            product.stop()
            restored = program(product, "restore", FROM=file)
            assert restored.returncode == 0, restored.stderr
            product.start()
            given_out = fences(least=len(given_out) + 3)
    assert given_out == sorted(set(given_out))


def test_a_dump_of_another_database_is_refused_and_changes_nothing(product: Product) -> None:
    client = Client.of(product.secret("database_url"))
    other = product.data_dir / "other.dump"
    dump = ["--format=custom", f"--file={other}", "--exclude-table=*"]
    subprocess.run(
        [database_program("pg_dump"), *dump, client.database],
        env=dict(client.environ),
        check=True,
    )
    product.stop()
    refused = program(product, "restore", FROM=str(other))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"not restored: {other} holds no table of runs: take a file that make backup wrote."
        " Nothing was changed\n"
    )
    product.start()
    assert databases(product) == ["punctual"]


def test_a_torn_backup_changes_nothing_and_a_stopped_product_can_be_backed_up(
    product: Product,
) -> None:
    with closing(product.user("ann")) as ann:
        task = ann.post("/api/tasks/", json={"command": "true"}).json()["id"]
        product.stop()
        whole, torn = product.data_dir / "whole.dump", product.data_dir / "torn.dump"
        assert program(product, "backup", TO=str(whole)).returncode == 0
        torn.write_bytes(whole.read_bytes()[:-2000])
        for source in (str(torn), "/no/such/file", ""):
            refused = program(product, "restore", FROM=source)
            assert refused.returncode == 1
            assert refused.stderr.startswith("not restored: ")
            assert "pg_restore" not in refused.stderr
            assert refused.stderr.count("\n") == 1
        no_backup = product.data_dir / "no.dump"
        for content in (whole.read_bytes()[:3], whole.read_bytes()[:200], b"-- SQL\n" * 99, b""):
            no_backup.write_bytes(content)
            refused = program(product, "restore", FROM=str(no_backup))
            assert refused.stderr.startswith(f"not restored: {no_backup} is not a whole backup")
        product.start()
        assert ann.get(f"/api/tasks/{task}/").status_code == 200
    assert databases(product) == ["punctual"]
    assert not list(product.data_dir.glob("*.partial"))


def test_a_backup_of_a_version_before_the_first_release_is_refused_and_changes_nothing(
    product: Product,
) -> None:
    file = product.data_dir / "old.dump"
    set_revision(product, "0035")
    assert program(product, "backup", TO=str(file)).returncode == 0
    set_revision(product, head())
    product.stop()
    refused = program(product, "restore", FROM=str(file))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"not restored: {file} was made by a development version before 0.1.0 (migration 0035),"
        " which no release can use or convert. Nothing was changed\n"
    )
    product.start()
    assert databases(product) == ["punctual"]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("no answer", "the fences of its runs cannot be raised: no answer"),
        ("No space left on device", "the disk is full: nothing was changed"),
    ],
)
def test_a_backup_whose_fences_cannot_be_raised_is_refused_and_changes_nothing(
    product: Product, message: str, reason: str
) -> None:
    file = product.data_dir / "refusing.dump"
    execute(product, REFUSE_RESTORE % message)
    assert program(product, "backup", TO=str(file)).returncode == 0
    execute(product, "DROP FUNCTION refuse_restore CASCADE")
    product.stop()
    refused = program(product, "restore", FROM=str(file))
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"not restored: {reason}")
    product.start()
    assert databases(product) == ["punctual"]


def test_a_database_of_a_version_before_the_first_release_stops_the_start_with_the_reason(
    product: Product,
) -> None:
    set_revision(product, "0035")
    product.stop()
    product.launch()
    assert product.process.wait(60) == 1
    assert "the database was made by a development version before 0.1.0" in product.terminal()
