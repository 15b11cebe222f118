"""Data of webhooks: the same facts for programs, `{type, timestamp, data}`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from punctual.domain.alerts.addresses import Addresses
from punctual.domain.alerts.events import FOR_OPERATORS, EventKind
from punctual.domain.alerts.facts import EventFacts, LastSuccess, RunFacts, TaskFacts
from punctual.domain.alerts.headlines import headline
from punctual.domain.alerts.rows import reason_of
from punctual.domain.alerts.times import MessageReader
from punctual.domain.instant import format_instant

Document = dict[str, Any]

DIGEST = "alerts.digest"
OF_TASK = frozenset({EventKind.PLAN_ERROR, EventKind.LATE})
MOST_IN_DIGEST = 100
READER = MessageReader.utc()


def type_of(facts: EventFacts) -> str:
    """Return the type of a webhook: run.failed, task.late, team.outage, system.database_full."""
    if facts.kind in FOR_OPERATORS:
        return f"system.{facts.kind}"
    if facts.kind == EventKind.OUTAGE:
        return f"team.{facts.kind}"
    return f"{'task' if facts.kind in OF_TASK else 'run'}.{facts.kind}"


def document(events: Sequence[EventFacts], addresses: Addresses) -> Document:
    """Return what a webhook sends of these events."""
    if len(events) == 1:
        [only] = events
        return _signed(type_of(only), only.at, _data(only, addresses))
    shown = [{"type": type_of(one), **_data(one, addresses)} for one in events[:MOST_IN_DIGEST]]
    newest = max(one.at for one in events)
    return _signed(DIGEST, newest, {"count": len(events), "events": shown})


def _signed(type_: str, at: datetime, data: Document) -> Document:
    return {"type": type_, "timestamp": format_instant(at), "data": data}


def _data(facts: EventFacts, addresses: Addresses) -> Document:
    return {
        "event_id": facts.id,
        "summary": headline(facts),
        "at": format_instant(facts.at),
        "team": facts.team,
        "task": None if facts.task is None else _task(facts.task, addresses),
        "run": None if facts.run is None else _run(facts.run, addresses),
        "output_tail": "\n".join(facts.tail),
        "last_success": None if facts.last_success is None else _success(facts.last_success),
        "tasks": [_task(task, addresses) for task in facts.affected],
        "details": _plain(facts.details),
        "url": addresses.of_event(facts),
        "actions": {"retry": addresses.retry(facts), "snooze": addresses.snooze(facts)},
    }


def _task(task: TaskFacts, addresses: Addresses) -> Document:
    url = addresses.task(task.id)
    return {"id": str(task.id), "name": task.name, "tags": list(task.tags), "url": url}


def _run(run: RunFacts, addresses: Addresses) -> Document:
    return {
        "id": str(run.id),
        "state": run.state,
        "trigger": run.trigger,
        "scheduled_for": _instant(run.scheduled_for),
        "started_at": _instant(run.started_at),
        "finished_at": _instant(run.finished_at),
        "seconds": run.seconds,
        "attempt": run.attempt,
        "max_attempts": run.max_attempts,
        "exit_code": run.exit_code,
        "signal": run.signal,
        "reason": reason_of(run, READER) or None,
        "reason_code": run.reason_code,
        "output_bytes": run.output_bytes,
        "url": addresses.run(run.id),
    }


def _success(success: LastSuccess) -> Document:
    return {
        "run": str(success.run_id),
        "finished_at": _instant(success.finished_at),
        "seconds": success.seconds,
        "changed": [edit.name for edit in success.edits],
        "changed_by": list(success.editors),
        "first_new_line": success.new_line,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else format_instant(at)


def _plain(details: Mapping[str, Any]) -> Document:
    return {str(name): value for name, value in details.items() if name != "affected"}
