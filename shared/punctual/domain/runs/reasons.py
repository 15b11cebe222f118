"""Reasons: why a run waits, never started, or ended as it did, as codes and their arguments.

Rows keep both; `domain/wording.py` makes the sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from punctual.domain.instant import format_instant


class ReasonCode(StrEnum):
    """Every reason of a run, of an attempt and of a row of the ledger."""

    # It waits, or was missed.
    NO_WORKER = "no_worker"
    NO_SLOT = "no_slot"
    LIMIT = "limit"
    TEAM_SLOTS = "team_slots"
    QUEUE_CLOSED = "queue_closed"
    OTHER_RUN = "other_run"
    WORKER_SILENT = "worker_silent"
    NOTHING_RUNNING = "nothing_running"
    DATABASE_SILENT = "database_silent"
    NOT_DISPATCHED = "not_dispatched"
    NOT_CLAIMED = "not_claimed"
    NOT_PLANNED = "not_planned"
    TEAM_LIMIT = "team_limit"
    LATER_DUE_TIME = "later_due_time"
    # It was withdrawn or cancelled.
    CALENDAR = "calendar"
    MAX_RUNS = "max_runs"
    PAUSED = "paused"
    EDITED = "edited"
    ZONE_RULES = "zone_rules"
    CANCELLED = "cancelled"
    DELETED = "deleted"
    REPLACED = "replaced"
    # Its command ended, or could not start.
    EXIT_CODE = "exit_code"
    SIGNAL = "signal"
    TIMEOUT = "timeout"
    RESOURCE_LIMIT = "resource_limit"
    HTTP_ERROR = "http_error"
    COULD_NOT_START = "could_not_start"
    COULD_NOT_END = "could_not_end"
    SECRET_MISSING = "secret_missing"
    SECRET_NOT_OPENED = "secret_not_opened"
    SECRET_UNUSABLE = "secret_unusable"
    # Its end is unknown.
    WORKER_LOST = "worker_lost"
    SHUT_DOWN = "shut_down"
    LEASE_LOST = "lease_lost"
    WORKER_FAILED = "worker_failed"
    RUNNER_LOST = "runner_lost"
    RUNNER_SILENT = "runner_silent"
    REPORT_REFUSED = "report_refused"
    # It started late, or its due time has no run; in the ledger alone.
    AFTER_OTHER_RUN = "after_other_run"
    NOTHING_TO_START_IT = "nothing_to_start_it"
    NO_WORKER_YET = "no_worker_yet"
    NO_FREE_SLOT = "no_free_slot"
    TASK_PAUSED = "task_paused"


class ArgType(StrEnum):
    """The type of an argument; pages format `instant` and `run` in their own way."""

    TEXT = "text"
    TEXTS = "texts"
    WHOLE = "whole number"
    NUMBER = "number"
    FLAG = "true"
    INSTANT = "instant"
    RUN = "run id"
    REASON = "reason"
    RULE = "rule"
    SIGNAL = "signal number"


TYPES: Mapping[str, ArgType] = {
    "after": ArgType.REASON,
    "before": ArgType.INSTANT,
    "calendar": ArgType.TEXT,
    "error": ArgType.TEXT,
    "exit_code": ArgType.WHOLE,
    "last": ArgType.INSTANT,
    "limit": ArgType.TEXT,
    "max_concurrent": ArgType.WHOLE,
    "max_runs": ArgType.WHOLE,
    "message": ArgType.TEXT,
    "most": ArgType.WHOLE,
    "not_retried": ArgType.RULE,
    "output_seen": ArgType.FLAG,
    "queue": ArgType.TEXT,
    "retry": ArgType.FLAG,
    "run_id": ArgType.RUN,
    "running": ArgType.WHOLE,
    "secret": ArgType.TEXT,
    "seconds": ArgType.NUMBER,
    "services": ArgType.TEXTS,
    "signal": ArgType.SIGNAL,
    "since": ArgType.INSTANT,
    "slots": ArgType.WHOLE,
    "start_deadline": ArgType.FLAG,
    "tag": ArgType.TEXT,
    "task_id": ArgType.TEXT,
    "team": ArgType.TEXT,
    "times": ArgType.WHOLE,
    "uncounted": ArgType.FLAG,
    "until": ArgType.INSTANT,
    "when": ArgType.TEXT,
    "worker": ArgType.TEXT,
}
"""The type of every argument: a name means the same with every code."""

TAKES: Mapping[ReasonCode, str] = {
    ReasonCode.NO_WORKER: "queue start_deadline?",
    ReasonCode.NO_SLOT: "queue slots start_deadline?",
    ReasonCode.LIMIT: "max_concurrent tag? task_id? start_deadline?",
    ReasonCode.TEAM_SLOTS: "team slots running start_deadline?",
    ReasonCode.QUEUE_CLOSED: "queue team start_deadline?",
    ReasonCode.OTHER_RUN: "run_id start_deadline?",
    ReasonCode.WORKER_SILENT: "worker since run_id? start_deadline?",
    ReasonCode.DATABASE_SILENT: "since until times? last? start_deadline?",
    ReasonCode.NOTHING_RUNNING: "services since? until? before? times? last? start_deadline?",
    ReasonCode.NOT_DISPATCHED: "start_deadline?",
    ReasonCode.NOT_CLAIMED: "queue start_deadline?",
    ReasonCode.NOT_PLANNED: "times? last?",
    ReasonCode.TEAM_LIMIT: "since until times? last?",
    ReasonCode.LATER_DUE_TIME: "",
    ReasonCode.CALENDAR: "calendar",
    ReasonCode.MAX_RUNS: "max_runs",
    ReasonCode.PAUSED: "retry? after?",
    ReasonCode.EDITED: "",
    ReasonCode.ZONE_RULES: "",
    ReasonCode.CANCELLED: "when? after?",
    ReasonCode.DELETED: "",
    ReasonCode.REPLACED: "run_id",
    ReasonCode.EXIT_CODE: "exit_code not_retried?",
    ReasonCode.SIGNAL: "signal not_retried?",
    ReasonCode.TIMEOUT: "seconds not_retried?",
    ReasonCode.RESOURCE_LIMIT: "limit most exit_code? not_retried?",
    ReasonCode.HTTP_ERROR: "message exit_code not_retried?",
    ReasonCode.COULD_NOT_START: "error not_retried?",
    ReasonCode.COULD_NOT_END: "error not_retried?",
    ReasonCode.SECRET_MISSING: "secret not_retried?",
    ReasonCode.SECRET_NOT_OPENED: "secret not_retried?",
    ReasonCode.SECRET_UNUSABLE: "secret error not_retried?",
    ReasonCode.WORKER_LOST: "worker when output_seen?",
    ReasonCode.SHUT_DOWN: "",
    ReasonCode.LEASE_LOST: "",
    ReasonCode.WORKER_FAILED: "",
    ReasonCode.RUNNER_LOST: "",
    ReasonCode.RUNNER_SILENT: "",
    ReasonCode.REPORT_REFUSED: "",
    ReasonCode.AFTER_OTHER_RUN: "",
    ReasonCode.NOTHING_TO_START_IT: "",
    ReasonCode.NO_WORKER_YET: "",
    ReasonCode.NO_FREE_SLOT: "",
    ReasonCode.TASK_PAUSED: "uncounted?",
}
"""The arguments of every code; one with a question mark may be absent."""

REQUIRED: Mapping[ReasonCode, frozenset[str]] = {
    code: frozenset(name for name in takes.split() if not name.endswith("?"))
    for code, takes in TAKES.items()
}
ALLOWED: Mapping[ReasonCode, frozenset[str]] = {
    code: frozenset(takes.replace("?", "").split()) for code, takes in TAKES.items()
}

Args = Mapping[str, Any]
"""Arguments by name, as JSON has them."""


@dataclass(frozen=True, slots=True)
class CodedReason:
    """A reason as rows store it."""

    code: ReasonCode
    args: Args

    @property
    def is_complete(self) -> bool:
        """Return whether it has every argument of its code; an older release wrote none."""
        return REQUIRED[self.code] <= self.args.keys()

    def with_args(self, **args: object) -> "CodedReason":
        """Return the reason with further arguments."""
        return coded(self.code, **{**self.args, **args})


def coded(code: ReasonCode, **args: object) -> CodedReason:
    """Return a reason; raises TypeError for a missing or an unknown argument.

    Arguments that are None are left out. An instant is written to the second, an id as text.
    """
    given = {name: _as_json(name, value) for name, value in args.items() if value is not None}
    if not REQUIRED[code] <= given.keys() <= ALLOWED[code]:
        raise TypeError(f"{code} takes ({TAKES[code]}), not ({' '.join(given)})")
    return CodedReason(code, given)


def stored_reason(code: str | None, args: Args | None) -> CodedReason | None:
    """Return the reason that a row has; None without a code, or with that of a newer release."""
    if code is None or code not in ReasonCode.__members__.values():
        return None
    return CodedReason(ReasonCode(code), args or {})


def _as_json(name: str, value: Any) -> object:
    match TYPES.get(name):
        case ArgType.INSTANT:
            return instant_to_second(value) if isinstance(value, datetime) else value
        case ArgType.RUN:
            return str(value)
        case ArgType.REASON if isinstance(value, CodedReason):
            return {"code": value.code, "args": dict(value.args)}
    return value


def instant_to_second(at: datetime) -> str:
    """Write an instant to the second, as reasons have it."""
    return format_instant(at.replace(microsecond=0))
