"""An agent which does not read its reports, for now or at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from punctual_worker.agent.runner_link.client import RunnerClient
from punctual_worker.agent.runner_link.messages import EndedEvent, Launch
from tests.integration.worker.runner.harness import descendants, in_seconds
from tests.support.eventually import eventually

MEGABYTE = 1_000_000


@pytest.fixture
def client(tmp_path: Path) -> Iterator[RunnerClient]:
    made = RunnerClient.launch(work_dir=tmp_path / "work")
    made.extend_lease(in_seconds(600))
    yield made
    made.close()


def start(client: RunnerClient, key: str, command: str) -> None:
    client.start(
        Launch(
            key=key,
            at_ns=0,
            argv=("/bin/sh", "-c", command),
            env={},
            timeout_s=600,
            grace_s=1,
            end_grace_s=1,
            output_limit=MEGABYTE,
        )
    )


def test_it_does_not_hold_up_what_runs(client: RunnerClient, tmp_path: Path) -> None:
    for i in range(40):
        start(client, f"{i}", f"head -c 100000 /dev/zero; touch {tmp_path}/done-{i}")
    eventually(lambda: len(list(tmp_path.glob("done-*"))) == 40)


def test_no_end_is_lost_but_much_of_the_output_that_waits(
    client: RunnerClient, tmp_path: Path
) -> None:
    for i in range(80):
        start(client, f"{i}", f"head -c {MEGABYTE} /dev/zero; touch {tmp_path}/done-{i}")
    eventually(lambda: len(list(tmp_path.glob("done-*"))) == 80, within=60)
    eventually(lambda: descendants(client.pid) == [])

    ends = []
    for events in client.events():
        ends += [event for event in events if isinstance(event, EndedEvent)]
        if len(ends) == 80:
            break
    assert {ended.key for ended in ends} == {f"{i}" for i in range(80)}
    assert {ended.output_bytes for ended in ends} == {MEGABYTE}
    stored = [len(ended.output) for ended in ends]
    assert stored[0] == MEGABYTE
    assert stored[-1] == 8192
    assert ends[-1].truncated
    assert sum(stored) < 70 * MEGABYTE
