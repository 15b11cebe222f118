"""Rows: the facts of one event as pairs of a label and a line."""

from collections.abc import Iterator

from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.facts import Edit, EventFacts, LastSuccess, RunFacts
from punctual.domain.alerts.figures import figure_rows
from punctual.domain.alerts.headlines import named
from punctual.domain.alerts.plain import counted, harmless, listed, one_line
from punctual.domain.alerts.times import MessageReader
from punctual.domain.amounts import span_words
from punctual.domain.runs.states import RunState
from punctual.domain.wording import run_reason, signal_name

E = EventKind
Row = tuple[str, str]

LONGEST_LINE = 300
LONGEST_VALUE = 80
MOST_EDITS = 8


def rows(facts: EventFacts, reader: MessageReader) -> list[Row]:
    """Return what a message says of one event below its headline, most important first."""
    found = list(_rows(facts, reader))
    return [(label, one_line(harmless(text), LONGEST_LINE)) for label, text in found if text]


def reason_of(run: RunFacts, reader: MessageReader) -> str:
    """Return why a run ended as it did, in a sentence without its full stop; "" if unknown."""
    reason = run_reason(run.state, run.reason_code, dict(run.reason_args or {}), run.reason, reader)
    if reason:
        return reason
    if run.signal:
        return f"killed by {signal_name(run.signal)}"
    return "" if run.exit_code is None else f"exit code {run.exit_code}"


def _rows(facts: EventFacts, reader: MessageReader) -> Iterator[Row]:
    run = facts.run
    if facts.kind == E.RECOVERED:
        yield "Before", _trouble_that_ended(facts)
    elif run is not None and run.state != RunState.SUCCEEDED:
        yield "Reason", reason_of(run, reader)
    if isinstance(error := facts.details.get("error"), str):
        yield "Reason", error
    yield "Since", _since(facts, reader)
    yield from figure_rows(facts, reader)
    if run is not None:
        yield from _rows_of_run(facts, run, reader)
    if facts.last_success is not None:
        yield from _rows_since(facts.last_success, reader)
    if facts.affected:
        yield "Tasks", _affected(facts)
    if facts.run is None and facts.kind != E.OUTAGE:
        yield "At", reader.instant(facts.at)


def _trouble_that_ended(facts: EventFacts) -> str:
    was, count = facts.details.get("was"), facts.in_row
    words = {"failing": "failed", "missed": "was missed", "suspicious": "looked odd"}
    since = facts.since
    over = f" over {span_words((facts.at - since).total_seconds())}" if since else ""
    done = words.get(str(was), "failed")
    return f"{done} {counted(count, 'time')}{over}" if count else f"{done}{over}"


def _since(facts: EventFacts, reader: MessageReader) -> str:
    since = facts.since
    if since is None or facts.kind == E.RECOVERED or facts.in_row < 2:
        return ""
    noun = "miss" if facts.kind == E.MISSED else "failure"
    in_row = counted(facts.in_row, noun, "misses" if noun == "miss" else None)
    return f"{reader.instant(since)}, {in_row} in a row"


def _rows_of_run(facts: EventFacts, run: RunFacts, reader: MessageReader) -> Iterator[Row]:
    if run.attempt and run.max_attempts > 1:
        yield "Attempt", f"{run.attempt} of {run.max_attempts}"
    if run.exit_code is not None and facts.kind != E.RECOVERED:
        yield "Exit code", str(run.exit_code)
    yield "Due", reader.due_time(run.scheduled_for)
    if run.started_at is not None and run.finished_at is not None and run.seconds is not None:
        took = span_words(run.seconds)
        before = facts.last_success.seconds if facts.last_success else None
        than = f" (the last success: {span_words(before)})" if before is not None else ""
        yield "Took", f"{took}{than}, until {reader.instant(run.finished_at)}"


def _rows_since(success: LastSuccess, reader: MessageReader) -> Iterator[Row]:
    yield "Last success", reader.instant(success.finished_at)
    if success.edits:
        by = f" by {listed(named(name) for name in success.editors)}" if success.editors else ""
        edits = [_edit(edit) for edit in success.edits[:MOST_EDITS]]
        more = len(success.edits) - len(edits)
        yield f"Changed since{by}", "; ".join(edits + ([f"{more} more"] if more else []))
    else:
        yield "Changed since", "nothing in the task"
    if success.new_line:
        yield "First new line", success.new_line


def _edit(edit: Edit) -> str:
    if edit.before is None and edit.after is None:
        return edit.name
    before, after = (
        one_line(side or "nothing", LONGEST_VALUE) for side in (edit.before, edit.after)
    )
    return f"{edit.name}: {before} → {after}"


def _affected(facts: EventFacts) -> str:
    names = [named(task.name, LONGEST_VALUE) for task in facts.affected]
    total = facts.details.get("tasks")
    more = total - len(names) if isinstance(total, int) else 0
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
