"""What `make run` says where it cannot start, or starts without a part of the product."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from punctual_devstack.servers.postgres_user import reachable_temporary
from tests.support.product import Product, running_product

SMALL = "1m"
TINY = "24k"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")


@pytest.fixture(params=[SMALL, TINY])
def small_disk(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system that no database fits on."""
    folder = reachable_temporary("punctual-small-")
    options = f"size={request.param},mode=711"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


@needs_root
def test_a_disk_without_room_for_a_database_is_named_in_a_sentence(small_disk: Path) -> None:
    terminal = reachable_temporary("punctual-terminal-")
    environ = {"PUNCTUAL_DATA_DIR": str(small_disk)}
    try:
        with Product(terminal, environ=environ) as stack:
            stack.launch()
            assert stack.process.wait(60) == 1
            output = stack.terminal()
        assert "the disk is full: a new database takes 100 MB" in output
        assert len(output.splitlines()) <= 3
        assert not {"initdb", "Traceback"} & set(output.split())
        assert not list(small_disk.glob("postgres*"))
    finally:
        shutil.rmtree(terminal)


def test_what_does_not_work_without_workers_or_coordinators_is_said_before_ready() -> None:
    with running_product({"WORKERS": "0", "COORDINATORS": "0"}) as stack:
        output = stack.terminal()
        assert "WORKERS=0: no command runs until a worker is started" in output
        assert "COORDINATORS=0: no run is planned until a coordinator is started" in output
        with stack.visitor() as visitor:
            ready = visitor.get("/readyz").json()
        assert ready["degraded"] == ["coordinators", "workers"]
