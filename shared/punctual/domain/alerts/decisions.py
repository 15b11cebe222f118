"""Decide which events are sent to which channels: by rules, changes, snoozes and escalations."""

import uuid
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from punctual.domain.alerts.events import EventKind

E = EventKind

FAILING = frozenset({E.FAILED, E.LOST})
"""Kinds that are one trouble, which a `recovered` ends."""

FAILURE = "failing"
ESCALATED = "escalated"
REMIND_AFTER = timedelta(days=1)
"""A trouble other than failing has no end on record: on change, it is sent again then."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event that no message was decided for yet."""

    id: int
    kind: EventKind
    team_id: uuid.UUID | None
    task_id: uuid.UUID | None
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Escalation:
    """Where a task goes that still fails after a number of runs or a time."""

    channel_id: uuid.UUID
    after_runs: int | None = None
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Which events go to a channel."""

    id: uuid.UUID
    team_id: uuid.UUID | None
    channel_id: uuid.UUID
    kinds: frozenset[EventKind]
    tags: frozenset[str] | None = None
    task_ids: frozenset[uuid.UUID] | None = None
    every: bool = False
    escalation: Escalation | None = None

    def matches(self, event: Event, tags: Iterable[str]) -> bool:
        """Return whether an event of a task with these tags is meant, whatever its kind is."""
        if event.team_id != self.team_id:
            return False
        if self.task_ids is not None and not self.task_ids & _tasks_of(event):
            return False
        return self.tags is None or not self.tags.isdisjoint(tags)


@dataclass(frozen=True, slots=True)
class Snooze:
    """Until when nothing is sent about a task; without a time, until it is ok."""

    until: datetime | None

    def silences(self, event: Event, *, now: datetime) -> bool:
        """Return whether an event is not sent."""
        if self.until is None:
            return event.kind != E.RECOVERED
        return now < self.until


class Report(NamedTuple):
    """A trouble of a task that a channel was sent."""

    channel_id: uuid.UUID
    task_id: uuid.UUID
    trouble: str


class Pending(NamedTuple):
    """A task that goes to the channel of a rule's escalation at a time, if it still fails then."""

    rule_id: uuid.UUID
    task_id: uuid.UUID


@dataclass(slots=True)
class Decisions:
    """What follows from some events."""

    sent: dict[uuid.UUID, list[Event]] = field(default_factory=dict)
    reported: dict[Report, datetime] = field(default_factory=dict)
    pending: dict[Pending, tuple[int, datetime]] = field(default_factory=dict)
    recovered: set[uuid.UUID] = field(default_factory=set)
    """Tasks of which every earlier report, pending escalation and snooze until ok has ended."""

    def send(self, channel_id: uuid.UUID, event: Event) -> None:
        """Send an event to a channel, once."""
        events = self.sent.setdefault(channel_id, [])
        if event not in events[-1:]:
            events.append(event)


def decide(
    events: Sequence[Event],
    rules: Sequence[Rule],
    *,
    tags: Mapping[uuid.UUID, Sequence[str]],
    reports: MutableMapping[Report, datetime],
    snoozes: MutableMapping[uuid.UUID, Snooze],
    now: datetime,
) -> Decisions:
    """Return what to send of these events, in the order in which they happened.

    `reports` are those of the events' tasks; they and the snoozes are brought up to date.
    """
    decisions = Decisions()
    of_team: dict[uuid.UUID | None, list[Rule]] = {}
    for rule in rules:
        of_team.setdefault(rule.team_id, []).append(rule)
    for event in events:
        snooze = None if event.task_id is None else snoozes.get(event.task_id)
        if snooze is None or not snooze.silences(event, now=now):
            own = of_team.get(event.team_id, ())
            event_tags = () if event.task_id is None else tags.get(event.task_id, ())
            for rule in own:
                if rule.matches(event, event_tags):
                    _apply(rule, event, decisions, reports)
        if event.kind == E.RECOVERED and event.task_id is not None:
            _end(event.task_id, decisions, reports)
            if snooze is not None and snooze.until is None:
                del snoozes[event.task_id]
    return decisions


def _apply(
    rule: Rule, event: Event, decisions: Decisions, reports: MutableMapping[Report, datetime]
) -> None:
    if event.task_id is None:
        if event.kind in rule.kinds:
            decisions.send(rule.channel_id, event)
        return
    if event.kind == E.RECOVERED:
        _recover(rule, event, decisions, reports)
        return
    trouble = FAILURE if event.kind in FAILING else str(event.kind)
    if event.kind in rule.kinds:
        report = Report(rule.channel_id, event.task_id, trouble)
        last = reports.get(report)
        if rule.every or _is_news(event, last):
            decisions.send(rule.channel_id, event)
            reports[report] = decisions.reported[report] = event.at
    if trouble == FAILURE and rule.escalation is not None and event.kind in rule.kinds:
        _escalate(rule, rule.escalation, event, decisions, reports)


def _is_news(event: Event, last: datetime | None) -> bool:
    if last is None:
        return True
    return event.kind not in FAILING and event.at >= last + REMIND_AFTER


def _recover(
    rule: Rule, event: Event, decisions: Decisions, reports: Mapping[Report, datetime]
) -> None:
    assert event.task_id is not None  # noqa: S101 - for mypy: a task recovers
    if rule.escalation is not None:
        where = rule.escalation.channel_id
        if Report(where, event.task_id, ESCALATED) in reports:
            decisions.send(where, event)
    if E.RECOVERED not in rule.kinds:
        return
    was_sent = Report(rule.channel_id, event.task_id, FAILURE) in reports
    if rule.every or was_sent or not rule.kinds & FAILING:
        decisions.send(rule.channel_id, event)


def _escalate(
    rule: Rule,
    escalation: Escalation,
    event: Event,
    decisions: Decisions,
    reports: MutableMapping[Report, datetime],
) -> None:
    assert event.task_id is not None  # noqa: S101 - for mypy
    report = Report(escalation.channel_id, event.task_id, ESCALATED)
    if report in reports:
        return
    runs = event.details.get("in_row", 1)
    if escalation.after_runs is not None and runs >= escalation.after_runs:
        decisions.send(escalation.channel_id, event)
        reports[report] = decisions.reported[report] = event.at
        decisions.pending.pop(Pending(rule.id, event.task_id), None)
    elif escalation.after is not None:
        since = _since(event)
        decisions.pending[Pending(rule.id, event.task_id)] = event.id, since + escalation.after


def _end(
    task_id: uuid.UUID, decisions: Decisions, reports: MutableMapping[Report, datetime]
) -> None:
    decisions.recovered.add(task_id)
    for report in [one for one in reports if one.task_id == task_id]:
        del reports[report]
        decisions.reported.pop(report, None)
    for pending in [one for one in decisions.pending if one.task_id == task_id]:
        del decisions.pending[pending]


def _since(event: Event) -> datetime:
    """Return since when a task fails, as the event has it."""
    try:
        since = datetime.fromisoformat(str(event.details.get("since")))
    except ValueError:
        return event.at
    return since if since.tzinfo is not None else event.at


def _tasks_of(event: Event) -> frozenset[uuid.UUID]:
    """Return the tasks that an event is about: its own, or those that an outage names."""
    if event.task_id is not None:
        return frozenset({event.task_id})
    return frozenset(map(uuid.UUID, map(str, event.details.get("affected", ()))))
