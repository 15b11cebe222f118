"""Output of a run that is not over."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.support.eventually import eventually
from tests.support.product import Product


@pytest.fixture
def ann(product: Product) -> Iterator[httpx.Client]:
    with closing(product.user(f"ann-{uuid.uuid4().hex[:8]}")) as client:
        yield client


def test_what_a_running_command_has_written_is_there_to_read(
    ann: httpx.Client, open_folder: Path
) -> None:
    gate = open_folder / "gate"
    command = f"echo one; echo two >&2; mkfifo {gate}; read -r _ < {gate}; echo three"
    task = ann.post("/api/tasks/", json={"command": command}).raise_for_status().json()
    run = ann.post(f"/api/tasks/{task['id']}/run/").raise_for_status().json()
    output = f"/api/runs/{run['id']}/output/"
    eventually(gate.is_fifo)
    eventually(lambda: ann.get(output).text == "one\ntwo\n")
    assert ann.get(output, params={"stream": "stderr"}).text == "two\n"
    with gate.open("w") as opened:
        opened.write("\n")
    state = f"/api/runs/{run['id']}/"
    eventually(lambda: ann.get(state).json()["state"] == "succeeded")
    assert ann.get(output).text == "one\ntwo\nthree\n"
