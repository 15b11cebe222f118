"""What editors do with rules; API and pages call the same functions, which record it."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from punctual.domain.alerts.channels import INSTALLATION
from punctual.domain.alerts.events import FOR_OPERATORS, EventKind
from punctual.store.alerts import rules as store
from punctual.store.alerts.channels import known_channels, stored_team
from punctual.store.alerts.deliveries import names_of_channels
from punctual.store.schema.models import AlertRule
from punctual_api.accounts.names import look_up_names, name_of
from punctual_api.alerts.installation import chosen_team, record_change, slug_of
from punctual_api.http.context import session, team_id, user_id
from punctual_api.http.problems import Fault, invalid, limit_reached, not_found

MOST_RULES = 500
"""Of a team, and of the installation."""

NO_CHANNEL = "There is no such channel in this team; a rule names one of its own team (`team`)."
NO_TASK = "There is no such task in this team."
FOR_ADMINS = "This is an event of operators: admins make rules for it with `installation`."
NO_TASKS_THERE = "Events of operators are of no task: leave this out."

Document = dict[str, Any]


def create(sent: Document) -> AlertRule:
    """Return a new rule; raises Problem 403, 409 and 422."""
    team = chosen_team(installation=sent["installation"])
    _check(team, sent)
    if store.count_rules(session(), team_id=team) >= MOST_RULES:
        raise limit_reached(f"There are {MOST_RULES} rules, which is the most.")
    made = store.create_rule(
        session(), {"team_id": stored_team(team), "updated_by": user_id(), **_columns(sent)}
    )
    after = recorded_rule(made)
    record_change("rule", made.id, after["channel"], team=made.team_id, after=after)
    return made


def change(rule_id: uuid.UUID, sent: Document) -> AlertRule:
    """Return a rule with other values; raises Problem 404 and 422."""
    rule = own_rule(rule_id)
    before = recorded_rule(rule)
    _check(rule.team_id or INSTALLATION, sent)
    store.change_rule(session(), rule, {**_columns(sent), "updated_by": user_id()})
    after = recorded_rule(rule)
    record_change("rule", rule.id, after["channel"], team=rule.team_id, before=before, after=after)
    return rule


def delete(rule_id: uuid.UUID) -> None:
    """Delete a rule; raises Problem 404."""
    rule = own_rule(rule_id)
    before = recorded_rule(rule)
    record_change("rule", rule.id, before["channel"], team=rule.team_id, before=before)
    store.delete_rule(session(), rule)


def own_rule(rule_id: uuid.UUID) -> AlertRule:
    """Return the rule that the address names; raises Problem 404."""
    found = store.find_rule(session(), rule_id, team_id=team_id())
    if found is None:
        raise not_found("rule")
    return found


def recorded_rule(rule: AlertRule) -> Document:
    """Return what the record has of a rule: channels by their names."""
    names = names_of_channels(session(), _channels_of([rule]))
    escalation = None
    if rule.escalate_to is not None:
        escalation = {**_escalation(rule), "channel": names.get(rule.escalate_to)}
    return {
        "channel": names.get(rule.channel_id),
        "on": rule.events,
        "tags": rule.tags,
        "tasks": rule.task_ids,
        "when": rule.frequency,
        "escalation": escalation,
        "enabled": rule.enabled,
    }


def shown(rules: Sequence[AlertRule]) -> list[Document]:
    """Return rules as they are answered, but for the schema's formats."""
    look_up_names(rule.updated_by for rule in rules)
    names = names_of_channels(session(), _channels_of(rules))
    return [
        {
            "id": rule.id,
            "team": slug_of(rule.team_id),
            "channel": rule.channel_id,
            "channel_name": names.get(rule.channel_id, ""),
            "on": rule.events,
            "tags": rule.tags,
            "tasks": rule.task_ids,
            "when": rule.frequency,
            "escalation": None if rule.escalate_to is None else _escalation(rule),
            "enabled": rule.enabled,
            "created_at": rule.created_at,
            "updated_at": rule.updated_at,
            "updated_by": name_of(rule.updated_by),
        }
        for rule in rules
    ]


def _check(team: uuid.UUID, sent: Mapping[str, Any]) -> None:
    """Raise Problem 422 for what the team does not have."""
    faults = []
    escalation = sent.get("escalation") or {}
    named = {
        "/channel": sent.get("channel"),
        "/escalation/channel": escalation.get("channel"),
    }
    known = known_channels(session(), {one for one in named.values() if one}, team_id=team)
    faults += [
        Fault(pointer, NO_CHANNEL) for pointer, one in named.items() if one and one not in known
    ]
    if team == INSTALLATION:
        faults += [
            Fault(f"/{name}", NO_TASKS_THERE) for name in ("tags", "tasks") if sent.get(name)
        ]
    else:
        operators = FOR_OPERATORS - {EventKind.CHANNEL_FAILING}
        faults += [
            Fault(f"/on/{place}", FOR_ADMINS)
            for place, kind in enumerate(sent.get("on", ()))
            if kind in operators
        ]
        tasks = sent.get("tasks") or ()
        theirs = store.known_tasks(session(), tasks, team_id=team) if tasks else set()
        faults += [
            Fault(f"/tasks/{place}", NO_TASK)
            for place, task in enumerate(tasks)
            if task not in theirs
        ]
    if faults:
        raise invalid(faults)


def _columns(sent: Mapping[str, Any]) -> Document:
    """Return the columns of what was sent."""
    names = {"channel": "channel_id", "tasks": "task_ids", "when": "frequency"}
    same = ("tags", "enabled")
    values = {column: sent[name] for name, column in names.items() if name in sent}
    values |= {name: sent[name] for name in same if name in sent}
    if "on" in sent:
        values["events"] = [str(kind) for kind in EventKind if kind in sent["on"]]
    for name in ("tags", "task_ids"):
        if values.get(name):
            values[name] = list(dict.fromkeys(values[name]))
    if "escalation" in sent:
        escalation = sent["escalation"] or {}
        values |= {
            "escalate_to": escalation.get("channel"),
            "escalate_after_runs": escalation.get("after_runs"),
            "escalate_after_seconds": escalation.get("after_seconds"),
        }
    return values


def _escalation(rule: AlertRule) -> Document:
    return {
        "channel": rule.escalate_to,
        "after_runs": rule.escalate_after_runs,
        "after_seconds": rule.escalate_after_seconds,
    }


def _channels_of(rules: Sequence[AlertRule]) -> set[uuid.UUID]:
    named = {one for rule in rules for one in (rule.channel_id, rule.escalate_to)}
    return {one for one in named if one is not None}
