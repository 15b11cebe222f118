"""Nothing that is logged anywhere finds room, and the product works as before."""

import shutil
from collections.abc import Iterator
from contextlib import closing

import pytest

from punctual_devstack.servers.postgres_user import reachable_temporary
from tests.support.eventually import eventually
from tests.support.product import Product

NAMES = (
    "stack",
    "postgres",
    "valkey",
    "migrate",
    "api-1",
    "coordinator-1",
    "worker-1",
    "notifier-1",
)

METRIC = "punctual_log_lines_lost_total"


@pytest.fixture
def product() -> Iterator[Product]:
    """A product of whose log files none takes a byte."""
    folder = reachable_temporary("punctual-product-")
    (folder / "logs").mkdir(mode=0o755)
    for name in NAMES:
        (folder / "logs" / f"{name}.log").symlink_to("/dev/full")
    try:
        with Product(folder) as product:
            product.start()
            yield product
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_tasks_run_although_no_log_line_can_be_written(product: Product) -> None:
    pids = {name: product.pid(name) for name in NAMES if "-" in name}
    with closing(product.user("ann")) as client:
        assert client.get("/api/tasks/").status_code == 200
        tasks = [
            client.post("/api/tasks/", json={"command": command, "max_retries": 0})
            .raise_for_status()
            .json()["id"]
            for command in ("exit 0", "exit 1", "kill -9 $$", "exit 0")
        ]
        for task in tasks:
            client.post(f"/api/tasks/{task}/run/").raise_for_status()

        def ended() -> bool:
            states = [
                run["state"]
                for task in tasks
                for run in client.get(f"/api/tasks/{task}/runs/").json()["items"]
            ]
            return sorted(states) == ["failed", "failed", "succeeded", "succeeded"]

        eventually(ended, within=30)
        lost = client.get("/metrics").text
    assert {name: product.pid(name) for name in pids} == pids

    [line] = [each for each in lost.splitlines() if each.startswith(f"{METRIC} ")]
    assert float(line.split()[1]) > 0
