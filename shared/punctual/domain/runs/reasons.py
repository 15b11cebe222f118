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
    WORKER_SILENT = "worker_silent"
    NOT_DISPATCHED = "not_dispatched"
    NOT_CLAIMED = "not_claimed"
    NOT_PLANNED = "not_planned"
    LATER_DUE_TIME = "later_due_time"
    CALENDAR = "calendar"
    MAX_RUNS = "max_runs"
    PAUSED = "paused"
    EDITED = "edited"
    ZONE_RULES = "zone_rules"
    CANCELLED = "cancelled"
    DELETED = "deleted"
    REPLACED = "replaced"
    WORKER_LOST = "worker_lost"


_SENTENCES = {
    ReasonCode.NO_WORKER: "no worker serves queue {queue}",
    ReasonCode.NO_SLOT: "all {slots} slots of queue {queue} are busy",
    ReasonCode.LIMIT: "limit reached: {most} {whose} {are} running",
    ReasonCode.OTHER_RUN: "run {run_id} of the same task is not finished",
    ReasonCode.WORKER_SILENT: "its worker {worker} has not answered since {since}",
    ReasonCode.NOT_DISPATCHED: "no coordinator dispatched it in time",
    ReasonCode.NOT_CLAIMED: "no worker of queue {queue} claimed it in time",
    ReasonCode.NOT_PLANNED: "no coordinator planned {what} in time",
    ReasonCode.LATER_DUE_TIME: "a later due time of its task ran in its place",
    ReasonCode.CALENDAR: 'calendar "{name}"',
    ReasonCode.MAX_RUNS: "superseded by edit: max_runs allows only {most}",
    ReasonCode.PAUSED: "withdrawn: its task was paused",
    ReasonCode.EDITED: "superseded by edit",
    ReasonCode.ZONE_RULES: "withdrawn: the rules of its time zone have changed",
    ReasonCode.CANCELLED: "cancelled",
    ReasonCode.DELETED: "its task was deleted",
}


def sentence(code: ReasonCode, **args: object) -> str:
    """The sentence for a code, without a capital or a full stop."""
    return _SENTENCES[code].format(**args)


def skipped_behind(run_id: object, *, worker: str | None, since: datetime | None) -> str:
    """Why a run was skipped: another one, and the worker that may have left it unfinished."""
    behind = f"skipped: run {run_id} of the same task was not finished"
    if worker is None or since is None:
        return behind
    return f"{behind}: its worker {worker} had not answered since {instant_in_words(since)}"


def nothing_at_work(
    *, coordinator: bool, worker: bool, since: datetime | None, until: datetime
) -> str:
    """Return that a service was not at work, from when (if that is known) to when."""
    began = "until" if since is None else f"from {instant_in_words(since)} to"
    return f"no {_services(coordinator, worker)} was at work {began} {instant_in_words(until)}"


def nothing_could_start_it(*, coordinator: bool, worker: bool, before: datetime) -> str:
    """Return when these services came back, for a run that was not due while they were away."""
    return f"no {_services(coordinator, worker)} could start it before {instant_in_words(before)}"


def _services(coordinator: bool, worker: bool) -> str:
    down = [name for name, is_down in (("coordinator", coordinator), ("worker", worker)) if is_down]
    return " or ".join(down)


def instant_in_words(at: datetime) -> str:
    """An instant to the second, as reasons have it."""
    return format_instant(at.replace(microsecond=0))
