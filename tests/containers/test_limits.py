"""What one command may occupy in a container is a share of it, also outside of processes."""

import httpx
import pytest

from tests.containers.tasks import create, in_state

FILL_MEMORY = (
    "import os, time; f = os.memfd_create('x'); [os.write(f, bytes(1 << 20)) for _ in range(1100)]"
)
# Homes have 512 MiB, /tmp 256 MiB and a worker 2 GiB of memory: a run gets a half of each.
GREEDY = {
    "in its home": ("head -c 300M /dev/zero > file", "ended: disk limit of 256 MiB exceeded"),
    "in two places": (
        "head -c 150M /dev/zero > file; head -c 150M /dev/zero > /tmp/file",
        "ended: disk limit of 256 MiB exceeded",
    ),
    "in memory": (
        f'exec python -c "{FILL_MEMORY}; time.sleep(60)"',
        "ended: memory limit of 1024 MiB exceeded",
    ),
}


@pytest.mark.parametrize(("command", "reason"), GREEDY.values(), ids=GREEDY.keys())
def test_a_command_gets_a_half(ann: httpx.Client, command: str, reason: str) -> None:
    task = create(ann, command=f"{command}; sleep 60", max_retries=0, timeout=50)
    ann.post(f"/api/tasks/{task['id']}/run/").raise_for_status()
    assert in_state(ann, task, "failed", within=60)["reason"] == reason
