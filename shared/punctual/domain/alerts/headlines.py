"""Headlines: what happened, in a few words that are enough on the screen of a phone."""

from collections.abc import Callable, Mapping
from typing import Any

from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.facts import EventFacts
from punctual.domain.alerts.plain import counted, harmless, one_line
from punctual.domain.runs.states import RunState

E = EventKind

LONGEST_SUBJECT = 78
"""Of a line of mail, RFC 5322 says; chats show about as much in a notification."""
LONGEST_NAME = 200
NO_TASK = "a deleted task"

WORDS: Mapping[EventKind, str] = {
    E.FAILED: "Failed",
    E.RECOVERED: "OK again",
    E.LATE: "Late",
    E.MISSED: "Missed",
    E.LOST: "Lost",
    E.PLAN_ERROR: "Cannot be planned",
    E.SLOW: "Slower than normal",
    E.FAST: "Faster than normal",
    E.SILENT: "Less output than normal",
}

PAST: Mapping[EventKind, str] = {
    E.FAILED: "failed",
    E.RECOVERED: "ok again",
    E.LATE: "late",
    E.MISSED: "missed",
    E.LOST: "lost",
    E.PLAN_ERROR: "cannot be planned",
    E.OUTAGE: "hit by an outage",
    E.SLOW: "slower than normal",
    E.FAST: "faster than normal",
    E.SILENT: "with less output than normal",
    E.UNSERVED_QUEUE: "about a queue without workers",
    E.COORDINATORS_STOPPED: "about coordinators",
    E.DATABASE_FULL: "about the database",
    E.CHANNEL_FAILING: "about a failing channel",
}


def headline(facts: EventFacts, longest: int = LONGEST_NAME) -> str:
    """Return what happened to what, on one line of at most about `longest` characters."""
    if (special := _SPECIAL.get(facts.kind)) is not None:
        return one_line(harmless(special(facts)), longest)
    words, team = _words(facts), f" ({facts.team})" if facts.team else ""
    room = max(longest - len(words) - len(team) - 2, 20)
    return f"{words}: {task_name(facts, room)}{team}"


def task_name(facts: EventFacts, longest: int = LONGEST_NAME) -> str:
    """Return the name of the task of an event, as it may stand in a line."""
    return NO_TASK if facts.task is None else one_line(harmless(facts.task.name), longest)


def named(value: Any, longest: int = LONGEST_NAME) -> str:
    """Return a name of the details of an event, likewise."""
    return one_line(harmless(str(value)), longest)


def _words(facts: EventFacts) -> str:
    timed_out = facts.run is not None and facts.run.state == RunState.TIMED_OUT
    words = "Timed out" if facts.kind == E.FAILED and timed_out else WORDS[facts.kind]
    again = facts.kind in (E.FAILED, E.LOST, E.MISSED) and facts.in_row > 1
    return f"{words} again" if again else words


def _outage(facts: EventFacts) -> str:
    tasks = facts.details.get("tasks")
    of = f" of team {facts.team}" if facts.team else ""
    if not isinstance(tasks, int):
        return f"Outage: tasks{of} did not run on time"
    return f"Outage: {counted(tasks, 'task')}{of} did not run on time"


def _queue(facts: EventFacts) -> str:
    queue = named(facts.details.get("queue", "?"), 50)
    return (
        f"Queue {queue} has workers again" if facts.is_over else f"No worker serves queue {queue}"
    )


def _coordinators(facts: EventFacts) -> str:
    return "Coordinators work again" if facts.is_over else "No coordinator is working"


def _database(facts: EventFacts) -> str:
    return "The database has room again" if facts.is_over else "The database is nearly full"


def _channel(facts: EventFacts) -> str:
    name = named(facts.details.get("name", "?"), 50)
    return f"Channel {name} delivers again" if facts.is_over else f"Channel {name} does not deliver"


_SPECIAL: Mapping[EventKind, Callable[[EventFacts], str]] = {
    E.OUTAGE: _outage,
    E.UNSERVED_QUEUE: _queue,
    E.COORDINATORS_STOPPED: _coordinators,
    E.DATABASE_FULL: _database,
    E.CHANNEL_FAILING: _channel,
}
