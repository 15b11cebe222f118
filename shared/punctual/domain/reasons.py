"""Reason codes: what held a run back, and the sentence for each; the only place that has both."""

from datetime import datetime
from enum import StrEnum

from punctual.domain.instant import format_instant


class ReasonCode(StrEnum):
    """What a run waits for, or what kept it from its start."""

    NOTHING_RUNNING = "nothing_running"


def nothing_running(
    *, coordinator: bool, worker: bool, since: datetime | None, until: datetime
) -> str:
    """That a service was not running, from when (if that is known) to when."""
    names = [name for name, down in (("coordinator", coordinator), ("worker", worker)) if down] or [
        "worker"
    ]
    began = "" if since is None else f" from {_second(since)}"
    to = "to" if began else "until"
    return f"no {' or '.join(names)} was running{began} {to} {_second(until)}"


def _second(at: datetime) -> str:
    return format_instant(at.replace(microsecond=0))
