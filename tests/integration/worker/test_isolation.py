"""How commands are isolated is found out, and shown where operators look."""

import json
import os
import re

import httpx

from punctual_devstack.ports import free_port
from tests.integration.worker.conftest import StartWorker
from tests.support.eventually import eventually

UNUSED = {"user_namespaces", "writable_cgroup"}
NAMES = UNUSED | {
    "separate_user",
    "unprivileged",
    "user_per_slot",
    "command_networks",
    "own_process_view",
    "no_new_privileges",
    "seccomp",
    "read_only_root",
    "own_process_namespace",
    "cgroup_limits",
}


def label(line: str) -> str | None:
    """What a sample of the metric is about."""
    found = re.match(r'punctual_isolation\{what="(\w+)"\}', line)
    return found and found[1]


def test_a_worker_reports_how_its_commands_are_isolated(start_worker: StartWorker) -> None:
    port = free_port()
    worker = start_worker(health_port=port)

    def answer(path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5)

    def isolation_in_force() -> dict[str, bool]:
        found: dict[str, bool] = answer("/healthz").raise_for_status().json()["isolation"]
        return found

    isolation = eventually(isolation_in_force)
    assert isolation is not None
    assert set(isolation) == NAMES
    assert not isolation["separate_user"]
    assert not isolation["own_process_namespace"]
    assert isolation["unprivileged"] == (os.geteuid() != 0)
    metrics = answer("/metrics").text.splitlines()
    protections = {what for line in metrics if (what := label(line))}
    assert protections == NAMES - UNUSED
    for what in protections:
        occupied = isolation[what]
        assert f'punctual_isolation{{what="{what}"}} {float(occupied)}' in metrics
    lines = [json.loads(line) for line in worker.log.read_text().splitlines()]
    [logged] = [line for line in lines if line["event"] == "isolation detected"]
    assert {what: logged[what] for what in NAMES} == isolation
    warned = any(line["event"] == "privileged commands permitted" for line in lines)
    assert warned != isolation["unprivileged"]
