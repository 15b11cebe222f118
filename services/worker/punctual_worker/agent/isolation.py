"""Says what isolation of commands is in force: in the log, as a metric and on /healthz."""

import os
from collections.abc import Mapping

import structlog

from punctual.ops import telemetry

log = structlog.get_logger()

UNUSED = ("user_namespaces", "writable_cgroup")
"""What the machine would allow: by itself it protects nothing, and Punctual does not use it."""


def protections(isolation: Mapping[str, bool]) -> list[str]:
    """Return the names of what is in force and protects."""
    return [what for what, holds in isolation.items() if holds and what not in UNUSED]


def in_force(probed: Mapping[str, bool], *, separate_user: bool) -> dict[str, bool]:
    """Return what the runner and the agent found, by the names of docs/operate/isolation.md."""
    return {
        "separate_user": separate_user,
        **probed,
        # As process 1 it takes all others of its namespace with it, however it ends.
        "own_process_namespace": os.getpid() == 1,
    }


def tell(isolation: Mapping[str, bool], *, command_user: str) -> None:
    """Log what is in force, once, and count it."""
    log.info("isolation", command_user=command_user, **isolation)
    if not isolation["unprivileged"]:
        log.warning("commands are privileged")
    for what, holds in isolation.items():
        if what in UNUSED:
            continue
        telemetry.ISOLATION.labels(what).set(holds)
