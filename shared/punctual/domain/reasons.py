"""Reason codes: what held a run back, and the sentence for each; the only place that has both."""

from datetime import datetime
from enum import StrEnum

from punctual.domain.instant import format_instant


class ReasonCode(StrEnum):
    """What a run waits for, or what kept it from its start."""

    NOTHING_RUNNING = "nothing_running"
    NO_WORKER = "no_worker"
    NO_SLOT = "no_slot"
    LIMIT = "limit"
    OTHER_RUN = "other_run"
    NOT_DISPATCHED = "not_dispatched"
    NOT_CLAIMED = "not_claimed"
    CALENDAR = "calendar"
    MAX_RUNS = "max_runs"
    PAUSED = "paused"
    EDITED = "edited"
    ZONE_RULES = "zone_rules"


_SENTENCES = {
    ReasonCode.NO_WORKER: "no worker serves queue {queue}",
    ReasonCode.NO_SLOT: "all {slots} slots of queue {queue} are busy",
    ReasonCode.LIMIT: "limit reached: {most} {whose} {are} running",
    ReasonCode.OTHER_RUN: "run {run_id} of the same task is not finished",
    ReasonCode.NOT_DISPATCHED: "no coordinator dispatched it in time",
    ReasonCode.NOT_CLAIMED: "no worker of queue {queue} claimed it in time",
    ReasonCode.CALENDAR: 'calendar "{name}"',
    ReasonCode.MAX_RUNS: "superseded by edit: max_runs allows only {most}",
    ReasonCode.PAUSED: "withdrawn: its task was paused",
    ReasonCode.EDITED: "superseded by edit",
    ReasonCode.ZONE_RULES: "withdrawn: the rules of its time zone have changed",
}


def sentence(code: ReasonCode, **args: object) -> str:
    """The sentence for a code, without a capital or a full stop."""
    return _SENTENCES[code].format(**args)


def nothing_running(
    *, coordinator: bool, worker: bool, since: datetime | None, until: datetime
) -> str:
    """That a service was not running, from when (if that is known) to when."""
    down = [name for name, is_down in (("coordinator", coordinator), ("worker", worker)) if is_down]
    began = "until" if since is None else f"from {_second(since)} to"
    return f"no {' or '.join(down)} was running {began} {_second(until)}"


def _second(at: datetime) -> str:
    return format_instant(at.replace(microsecond=0))
