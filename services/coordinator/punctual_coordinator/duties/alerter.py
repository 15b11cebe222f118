"""Alerter: make messages of events, by the rules of channels, and have notifiers send them."""

import time
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection, Engine

from punctual.domain.alerts.decisions import ESCALATED, Event, Report, Rule, decide
from punctual.domain.alerts.events import EventKind
from punctual.messaging.alerts import publish_deliveries
from punctual.messaging.broker import Broker
from punctual.store.alerts import alerting
from punctual.store.alerts.alerting import Channel
from punctual.store.alerts.messages import put_in_messages
from punctual_coordinator.duties.drain import drain

log = structlog.get_logger()

BATCH = 1000

Sent = dict[Channel | None, list[Event]]


@dataclass(frozen=True, slots=True)
class AlertResult:
    """How many events were taken, how many tasks escalated, and which messages are due now."""

    events: int = 0
    escalations: int = 0
    due: tuple[uuid.UUID, ...] = ()


class Alerter:
    """One coordinator at a time decides: what happens within a minute becomes one message."""

    def __init__(
        self, engine: Engine, broker: Broker, *, idle_seconds: float = 0, batch: int = BATCH
    ) -> None:
        self._engine = engine
        self._broker = broker
        self._batch = batch
        self._idle_seconds = idle_seconds
        self._idle_until = 0.0

    def turn(self) -> None:
        """Decide each second while there is something, else only as often as a sweep."""
        if time.monotonic() < self._idle_until:
            return
        done = self.run_once()
        if not done.events:
            self._idle_until = time.monotonic() + self._idle_seconds

    def run_once(self, *, now: datetime | None = None) -> AlertResult:
        """Decide about every event that is new, and about escalations that are due."""
        events = escalations = 0
        due: list[uuid.UUID] = []
        for done in drain(
            self._engine.begin,
            lambda connection: self._decide(connection, now),
            more=lambda done: max(done.events, done.escalations) >= self._batch,
        ):
            # Row first, message second: what is published here is committed.
            publish_deliveries(self._broker, done.due)
            events, escalations = events + done.events, escalations + done.escalations
            due += done.due
        if events or escalations:
            log.info("alerts decided", events=events, escalations=escalations, messages=len(due))
        return AlertResult(events, escalations, tuple(due))

    def _decide(self, connection: Connection, at: datetime | None) -> AlertResult:
        if not alerting.lock_alerting(connection):
            return AlertResult()
        now = at or alerting.database_now(connection)
        taken = alerting.take_events(connection, now=now, limit=self._batch)
        escalated = alerting.due_escalations(connection, now=now, limit=self._batch)
        if not taken and not escalated:
            return AlertResult()
        teams = {event.team_id for event in taken if event.team_id is not None}
        teams |= {one.event.team_id for one in escalated if one.event and one.event.team_id}
        channels = alerting.channels_of(connection, teams)
        sent: Sent = defaultdict(list)
        if taken:
            _by_rules(connection, taken, teams, channels, sent, now=now)
        if escalated:
            _escalate(connection, escalated, channels, sent, now=now)
        due = put_in_messages(connection, sent, now=now)
        return AlertResult(len(taken), len(escalated), tuple(due))


def _by_rules(
    connection: Connection,
    taken: Sequence[Event],
    teams: set[uuid.UUID],
    channels: Mapping[uuid.UUID, Channel],
    sent: Sent,
    *,
    now: datetime,
) -> None:
    rules = alerting.rules_of(connection, teams)
    tasks = sorted({event.task_id for event in taken if event.task_id is not None})
    decisions = decide(
        [event for event in taken if event.kind != EventKind.CHANNEL_FAILING],
        rules,
        tags=alerting.tags_of(connection, tasks),
        reports=alerting.reports_of(connection, tasks),
        snoozes=alerting.snoozes_of(connection, tasks),
        now=now,
    )
    alerting.note_decisions(connection, decisions)
    for channel_id, events in decisions.sent.items():
        channel = channels.get(channel_id)
        if channel is not None and channel.enabled:
            sent[channel] += events
    has_rules = any(rule.team_id is None for rule in rules)
    for event in taken:
        if event.kind == EventKind.CHANNEL_FAILING:
            for place in _of_failing_channel(event, _rules_for(event, rules), channels):
                sent[place].append(event)
        elif event.team_id is None and not has_rules:
            sent[None].append(event)  # admins learn it though they have made no rule


def _rules_for(event: Event, rules: Sequence[Rule]) -> list[uuid.UUID]:
    """Return the channels of the rules for a failing channel: of its team, else of all."""
    wanted = [rule for rule in rules if event.kind in rule.kinds]
    own = [rule.channel_id for rule in wanted if rule.team_id == event.team_id]
    return own or [rule.channel_id for rule in wanted if rule.team_id is None]


def _of_failing_channel(
    event: Event, by_rules: Sequence[uuid.UUID], channels: Mapping[uuid.UUID, Channel]
) -> list[Channel | None]:
    """Return where it is sent that a channel fails: elsewhere in its team, else to the admins."""
    failing = str(event.details.get("channel"))
    able = {
        one.id: one
        for one in channels.values()
        if one.enabled and not one.is_failing and str(one.id) != failing
    }
    chosen = [able[one] for one in dict.fromkeys(by_rules) if one in able]
    if chosen:
        return [*chosen]
    of_team = [one for one in able.values() if one.team_id == event.team_id]
    return [of_team[0]] if of_team else [None]


def _escalate(
    connection: Connection,
    escalated: Sequence[alerting.DueEscalation],
    channels: Mapping[uuid.UUID, Channel],
    sent: Sent,
    *,
    now: datetime,
) -> None:
    tasks = [one.pending.task_id for one in escalated]
    snoozes = alerting.snoozes_of(connection, tasks)
    reports: dict[Report, datetime] = {}
    for one in escalated:
        snooze = snoozes.get(one.pending.task_id)
        if snooze is not None and snooze.until is not None and now < snooze.until:
            alerting.put_off(connection, one.pending, until=snooze.until)
            continue
        alerting.drop_escalation(connection, one.pending)
        channel = None if one.channel_id is None else channels.get(one.channel_id)
        if one.event is None or channel is None or (snooze is not None and snooze.until is None):
            continue
        report = Report(channel.id, one.pending.task_id, ESCALATED)
        if report not in reports:
            sent[channel].append(one.event)
            reports[report] = now
    alerting.note_reports(connection, reports)
