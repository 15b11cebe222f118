"""Report the isolation of commands: in the log, as a metric and on /healthz."""

import os
from collections.abc import Mapping

import structlog

from punctual.ops import telemetry

log = structlog.get_logger()

UNUSED = ("user_namespaces", "writable_cgroup")
"""What the machine would allow: by itself it protects nothing, and Punctual does not use it."""


def protections(isolation: Mapping[str, bool]) -> list[str]:
    """Return the names of what is in force and protects."""
    return [what for what, is_active in isolation.items() if is_active and what not in UNUSED]


def in_force(
    probed: Mapping[str, bool], *, separate_user: bool, command_networks: bool
) -> dict[str, bool]:
    """Return what the runner and the agent found, by the names of docs/operate/isolation.md."""
    return {
        "separate_user": separate_user,
        **probed,
        "command_networks": command_networks,
        # As process 1 it takes all others of its namespace with it, however it ends.
        "own_process_namespace": os.getpid() == 1,
    }


def report(isolation: Mapping[str, bool], *, command_user: str) -> None:
    """Log which protections are in force, and export them as a metric."""
    log.info("isolation detected", command_user=command_user, **isolation)
    if not isolation["unprivileged"]:
        log.warning("privileged commands permitted")
    for what, is_active in isolation.items():
        if what in UNUSED:
            continue
        telemetry.ISOLATION.labels(what).set(is_active)
