"""Commands in containers reach the internet and their own servers, and nothing behind."""

from pathlib import Path

import httpx
import pytest

from tests.containers.composition import Composition
from tests.containers.tasks import create, in_state, output

REACHING = Path(__file__).parents[1] / "faults" / "hostile" / "reaching.py"
REFUSED = {
    "the database": "tcp postgres 5432",
    "Redis": "tcp redis 6379",
    "the worker's own port": "tcp 127.0.0.1 9100",
    "the gateway of its networks": "tcp $(python -c 'GATEWAY') 22",
    "metadata": "tcp 169.254.169.254 80",
    "a private network": "udp 10.255.255.1 9",
    "the name server's other ports": "udp 127.0.0.11 9",
}
REACHED = {"its own server": "own 127.0.0.1"}
NOT_REFUSED = {"a public address": "udp 198.41.0.4 9"}  # there may be no way out of this machine
GATEWAY = (
    "import socket, struct;"
    ' lines = [each.split() for each in open("/proc/net/route")][1:];'
    ' print(next(socket.inet_ntoa(struct.pack("<L", int(each[2], 16)))'
    ' for each in lines if each[1] == "00000000"))'
)


def tried(client: httpx.Client, ways: dict[str, str]) -> dict[str, str]:
    """What came of each way."""
    lines = [f'python -c "$PROGRAM" {way}'.replace("GATEWAY", GATEWAY) for way in ways.values()]
    env = {"PROGRAM": REACHING.read_text()}
    task = create(client, command="; ".join(lines), env=env, timeout=120)
    client.post(f"/api/tasks/{task['id']}/run/").raise_for_status()
    run = in_state(client, task, "succeeded", within=120)
    return dict(zip(ways, output(client, run).splitlines(), strict=True))


def test_commands_reach_no_server_behind_and_no_metadata(ann: httpx.Client) -> None:
    assert tried(ann, REFUSED) == dict.fromkeys(REFUSED, "refused")


def test_commands_reach_their_own_servers_and_find_names(ann: httpx.Client) -> None:
    found = tried(ann, REACHED | NOT_REFUSED)
    assert found["its own server"] == "reached"
    assert found["a public address"] != "refused"
    command = "python -c 'import socket; print(socket.gethostbyname(\"postgres\"))'"
    task = create(ann, command=command)
    ann.post(f"/api/tasks/{task['id']}/run/").raise_for_status()
    assert output(ann, in_state(ann, task, "succeeded")).strip()


def test_a_worker_that_cannot_keep_commands_from_networks_does_not_start(
    composition: Composition,
) -> None:
    with pytest.raises(AssertionError, match=r"NET_ADMIN; PUNCTUAL_COMMAND_NETWORKS=all lets"):
        composition.compose("run", "--rm", "--no-deps", "--cap-drop", "NET_ADMIN", "worker")
