"""Wording: turn a reason's code and arguments into sentences, here and nowhere else."""

from collections.abc import Callable, Mapping
from datetime import datetime
from signal import Signals
from typing import Any

from punctual.domain.reader import PLAIN, Reader
from punctual.domain.runs.ledger import Reason
from punctual.domain.runs.limits import bytes_in_words
from punctual.domain.runs.reasons import (
    TYPES,
    Args,
    ArgType,
    CodedReason,
    ReasonCode,
    stored_reason,
)
from punctual.domain.runs.states import RunState
from punctual.domain.schedules.describe import duration_in_words

_CLAUSES: Mapping[ReasonCode, str] = {
    ReasonCode.NO_WORKER: "no worker serves queue {queue}",
    ReasonCode.NO_SLOT: "all {slots} slots of queue {queue} are busy",
    ReasonCode.TEAM_SLOTS: "no slot of team {team} is free ({running} of {slots} running)",
    ReasonCode.QUEUE_CLOSED: "team {team} may not use queue {queue}",
    ReasonCode.DATABASE_SILENT: "the database did not answer from {since} to {until}",
    ReasonCode.TEAM_LIMIT: "its team was at its limit of unfinished runs from {since} to {until}",
    ReasonCode.NOT_DISPATCHED: "no coordinator dispatched it in time",
    ReasonCode.NOT_CLAIMED: "no worker of queue {queue} claimed it in time",
    ReasonCode.LATER_DUE_TIME: "a later due time of the task ran instead",
    ReasonCode.CALENDAR: 'blocked by calendar "{calendar}"',
    ReasonCode.MAX_RUNS: "superseded by edit: max_runs allows only {max_runs}",
    ReasonCode.EDITED: "superseded by edit",
    ReasonCode.ZONE_RULES: "the rules of its time zone have changed",
    ReasonCode.DELETED: "its task was deleted",
    ReasonCode.REPLACED: "replaced by {run_id}",
    ReasonCode.EXIT_CODE: "exit code {exit_code}",
    ReasonCode.SIGNAL: "killed by {signal}",
    ReasonCode.TIMEOUT: "timed out after {seconds:g} s",
    ReasonCode.HTTP_ERROR: "{message} (exit code {exit_code})",
    ReasonCode.COULD_NOT_START: "{error}",
    ReasonCode.COULD_NOT_END: "{error}",
    ReasonCode.SECRET_MISSING: "its team has no secret {secret}",
    ReasonCode.SECRET_NOT_OPENED: "no key of its worker opens the secret {secret}",
    ReasonCode.SECRET_UNUSABLE: "{secret}: {error}",
    ReasonCode.SHUT_DOWN: "its worker shut down before it had finished",
    ReasonCode.LEASE_LOST: "its worker could not reach the database and killed it",
    ReasonCode.WORKER_FAILED: "its worker failed",
    ReasonCode.RUNNER_LOST: "its runner was killed or failed",
    ReasonCode.RUNNER_SILENT: "its runner stopped answering and was killed",
    ReasonCode.REPORT_REFUSED: "the database rejected the report of its end",
    ReasonCode.AFTER_OTHER_RUN: "it waited for another run of the task",
    ReasonCode.NOTHING_TO_START_IT: "nothing was running that could start it",
    ReasonCode.NO_WORKER_YET: "no worker was running in time",
    ReasonCode.NO_FREE_SLOT: "no worker with a free slot claimed it in time",
}

_IN_LEDGER: Mapping[ReasonCode, str] = {
    ReasonCode.PAUSED: "its task was paused before its start",
    ReasonCode.EDITED: "an edit withdrew it before its start",
    ReasonCode.MAX_RUNS: "max_runs was lowered to {max_runs}",
    ReasonCode.CANCELLED: "",
}

_WITHDRAWN: Mapping[ReasonCode, str] = {
    ReasonCode.PAUSED: "withdrawn: ",
    ReasonCode.ZONE_RULES: "withdrawn: ",
    ReasonCode.CALENDAR: "held: ",
}

_NO_RETRY = {
    "same_again": "another attempt would fail the same way",
    "retry_on": "only exit codes {codes} are retried (retry_on)",
    "no_retry_on": "exit codes {codes} are never retried (no_retry_on)",
}


def clause(reason: CodedReason, reader: Reader = PLAIN, *, past: bool = False) -> str:
    """Return the reason as a clause, without a capital or a full stop.

    `past` says what stood in the way of a run that was skipped for it. Empty when an older release
    wrote the code without its arguments.
    """
    if not reason.is_complete:
        return ""
    words = _shown(reason, reader)
    special = _SPECIAL.get(reason.code)
    text = special(reason.args, words, past) if special else _CLAUSES[reason.code].format_map(words)
    if "start_deadline" in reason.args:
        return f"start deadline passed: {text}"
    if rule := reason.args.get("not_retried"):
        return f"{text}; {_not_retried(rule)}"
    return text


def run_reason(
    state: str, code: str | None, args: Args | None, text: str | None, reader: Reader = PLAIN
) -> str | None:
    """Return the reason of a run or an attempt as a sentence, as the API answers it.

    `text` is the sentence that a release before codes wrote.
    """
    reason = stored_reason(code, args)
    if text is not None or reason is None:
        return text and reader.text(text)
    text = clause(reason, reader, past=state == RunState.SKIPPED)
    if not text:
        return reason.code.replace("_", " ")
    if state in (RunState.MISSED, RunState.SKIPPED) and "start_deadline" not in reason.args:
        return f"{state}: {text}{_stands_for(reason, reader)}"
    return text if "retry" in reason.args else f"{_WITHDRAWN.get(reason.code, '')}{text}"


def run_clause(
    state: str, code: str | None, args: Args | None, text: str | None, reader: Reader = PLAIN
) -> str:
    """Return that reason as a clause that may follow a word for the state; empty without one."""
    reason = stored_reason(code, args)
    if text is not None or reason is None:
        return reader.text(text) if text else ""
    past = state == RunState.SKIPPED
    return f"{clause(reason, reader, past=past)}{_stands_for(reason, reader)}"


def ledger_clause(
    word: Reason, reason: CodedReason | None, text: str | None, reader: Reader = PLAIN
) -> str:
    """Return what follows the word of a row of the ledger; empty when the word says it all.

    `text` is the clause that a release before codes wrote.
    """
    if text is not None or reason is None:
        return reader.text(text) if text else ""
    if reason.code in _IN_LEDGER and reason.is_complete:
        return _IN_LEDGER[reason.code].format_map(_shown(reason, reader))
    return clause(reason, reader, past=word is Reason.SKIPPED)


def ledger_sentence(
    word: Reason, because: str | None, *, lateness: float | None = None, times: int = 1
) -> str:
    """Return a row as a sentence: "Skipped: run 7 of the same task was not finished", for one.

    `because` is the clause after the reason's word, `lateness` the seconds of a start that came
    late, `times` how many due times it is about.
    """
    text = word.capitalize()
    if lateness is not None:
        text = f"{text}: started {_seconds(lateness)} after it was due"
        behind = f"; {because}" if because else ""
    else:
        behind = f": {because}" if because else ""
    many = f" ({times} due times)" if times > 1 else ""
    return f"{text}{behind}{many}."


def signal_name(number: int) -> str:
    """Return a signal's name, or its number where it has none: "SIGKILL"."""
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


def _seconds(lateness: float) -> str:
    return f"{lateness:.1f} s" if lateness < 10 else duration_in_words(round(lateness))


def _shown(reason: CodedReason, reader: Reader) -> dict[str, Any]:
    """Return the arguments as this reader sees them: nothing else of them gets into a sentence."""
    return {name: _shown_one(reason, name, reader) for name in reason.args if name in TYPES}


def _shown_one(reason: CodedReason, name: str, reader: Reader) -> Any:
    value = reason.args[name]
    shown: Any = value
    match TYPES[name]:
        case ArgType.TEXT:
            shown = reader.text(str(value))
        case ArgType.TEXTS:
            shown = [reader.text(str(each)) for each in value]
        case ArgType.INSTANT:
            shown = reader.instant(datetime.fromisoformat(str(value)))
        case ArgType.RUN:
            words = "a later run" if reason.code is ReasonCode.REPLACED else "another run"
            shown = reader.run(str(value), words)
        case ArgType.WHOLE:
            shown = int(value)
        case ArgType.SIGNAL:
            shown = signal_name(int(value))
        case ArgType.NUMBER:
            shown = float(value)
        case ArgType.REASON:
            inner = stored_reason(value["code"], value["args"])
            shown = "" if inner is None else clause(inner, reader)
    return shown


def _other_run(args: Args, words: Args, past: bool) -> str:
    del args
    return f"{words['run_id']} of the same task {'was' if past else 'is'} not finished"


def _concurrency_limit(args: Args, words: Args, past: bool) -> str:
    del past
    runs = "run" if words["max_concurrent"] == 1 else "runs"
    who = f"tag {words['tag']}" if "tag" in args else "its team"
    who = "this task" if "task_id" in args else who
    return f"{who} has reached its limit of {words['max_concurrent']} concurrent {runs}"


def _worker_silent(args: Args, words: Args, past: bool) -> str:
    has = "had" if past else "has"
    silent = f"its worker {words['worker']} {has} not answered since {words['since']}"
    return f"{_other_run(args, words, past)}: {silent}" if "run_id" in args else silent


def _nothing_running(args: Args, words: Args, past: bool) -> str:
    del past
    services = " or ".join(words["services"])
    if "until" not in args:
        before = f" before {words['before']}" if "before" in args else ""
        return f"no {services} could start it{before}"
    began = f"from {words['since']} to" if "since" in args else "until"
    return f"no {services} was running {began} {words['until']}"


def _not_planned(args: Args, words: Args, past: bool) -> str:
    del words, past
    return f"no coordinator planned {'them' if 'times' in args else 'it'} in time"


def _stands_for(reason: CodedReason, reader: Reader) -> str:
    if "times" not in reason.args:
        return ""
    words = _shown(reason, reader)
    return f"; stands for {words['times']} due times, the last at {words['last']}"


def _paused(args: Args, words: Args, past: bool) -> str:
    del past
    if "retry" not in args:
        return "its task was paused"
    before = f"{words['after']}; " if words.get("after") else ""
    return f"{before}not retried: its task was paused"


def _cancelled(args: Args, words: Args, past: bool) -> str:
    del past
    when = {"starting": " before its start", "running": " while it ran"}.get(args.get("when", ""))
    after = f"; {words['after']}" if words.get("after") else ""
    return f"cancelled{when or ''}{after}"


def _resource_limit(args: Args, words: Args, past: bool) -> str:
    del past
    most = words["most"]
    how = f"exit code {words['exit_code']}" if "exit_code" in args else "ended"
    return {
        "processes": f"{how}: process limit of {most} exceeded",
        "memory_bytes": f"{how}: memory limit of {bytes_in_words(most)} exceeded",
        "file_bytes": f"{how}: file size limit of {bytes_in_words(most)} exceeded",
        "disk_bytes": f"{how}: disk limit of {bytes_in_words(most)} exceeded",
    }.get(args["limit"], f"{how}: over its limit of {most} {words['limit']}")


def _worker_lost(args: Args, words: Args, past: bool) -> str:
    del past
    started = "before it confirmed the start" if args["when"] == "starting" else "while it ran"
    seen = "; its stored output may be incomplete" if "output_seen" in args else ""
    return f"worker {words['worker']} stopped reporting {started}{seen}"


def _task_paused(args: Args, words: Args, past: bool) -> str:
    del words, past
    more = "; not all of its due times were counted" if "uncounted" in args else ""
    return f"the task was paused{more}"


def _not_retried(rule: Args) -> str:
    codes = ", ".join(str(int(code)) for code in rule.get("exit_codes", ()))
    return f"not retried: {_NO_RETRY[rule['rule']].format(codes=codes)}"


_SPECIAL: Mapping[ReasonCode, Callable[[Args, Args, bool], str]] = {
    ReasonCode.LIMIT: _concurrency_limit,
    ReasonCode.OTHER_RUN: _other_run,
    ReasonCode.WORKER_SILENT: _worker_silent,
    ReasonCode.NOTHING_RUNNING: _nothing_running,
    ReasonCode.NOT_PLANNED: _not_planned,
    ReasonCode.PAUSED: _paused,
    ReasonCode.CANCELLED: _cancelled,
    ReasonCode.RESOURCE_LIMIT: _resource_limit,
    ReasonCode.WORKER_LOST: _worker_lost,
    ReasonCode.TASK_PAUSED: _task_paused,
}
