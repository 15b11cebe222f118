"""The pages of rules: which events go to which channel."""

import uuid
from typing import Any

from flask import Response, flash, redirect
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from punctual.store.alerts.channels import list_channels
from punctual.store.schema.models import Task
from punctual_api.alerts import changes
from punctual_api.alerts.pages import forms
from punctual_api.alerts.pages.channels import team_ids_here
from punctual_api.alerts.pages.place import in_both, is_installation, place_url, place_values
from punctual_api.alerts.schemas import NewRuleSchema, RuleChangesSchema
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session
from punctual_api.http.problems import Fault, Problem
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page

WHEN = [
    ("change", "When it changes: the first failure, and when it is ok again"),
    ("every", "Each time"),
]
ESCALATION = {"/escalation/channel": "/escalate_to", "/escalation/after_seconds": "/after_minutes"}


@in_both("rules/new/", "GET")
def new_rule() -> Response:
    """An empty form."""
    channels = list_channels(session(), team_ids=team_ids_here())
    first = str(channels[0].id) if channels else ""
    blank = {**forms.BLANK_RULE, "channel": first}
    if is_installation():
        blank["on"] = [str(kind) for kind in place_values()["kinds"]]
    return _form(blank)


@in_both("rules/new/", "POST")
def create_rule() -> AnyResponse:
    """A new rule."""
    typed = forms.typed_rule()
    try:
        sent = forms.loaded(NewRuleSchema(), forms.rule_document(typed))
        changes.create({**sent, "installation": is_installation()})
    except Problem as problem:
        return _form(typed, problem)
    flash("The rule is created.")
    return redirect(place_url("show_alerts"))


@in_both("rules/<uuid:rule>/", "GET")
def show_rule(rule: uuid.UUID) -> Response:
    """A rule's form."""
    [shown] = changes.shown([changes.own_rule(rule)])
    return _form(forms.rule_as_typed(shown), rule=shown)


@in_both("rules/<uuid:rule>/", "POST")
def change_rule(rule: uuid.UUID) -> AnyResponse:
    """Other values of a rule."""
    typed = forms.typed_rule()
    try:
        sent = forms.loaded(RuleChangesSchema(), forms.rule_document(typed))
        changes.change(rule, sent)
    except Problem as problem:
        if problem.code == 404:
            raise
        session().rollback()
        [shown] = changes.shown([changes.own_rule(rule)])
        return _form(typed, problem, rule=shown)
    flash("The rule is saved, for what happens from now on.")
    return redirect(place_url("show_alerts"))


@in_both("rules/<uuid:rule>/delete/", "POST")
def delete_rule(rule: uuid.UUID) -> AnyResponse:
    """Delete a rule."""
    changes.delete(rule)
    flash("The rule is deleted.")
    return redirect(place_url("show_alerts"))


def _form(typed: dict[str, Any], problem: Problem | None = None, **values: Any) -> Response:
    if problem is not None:
        session().rollback()
        changed_nothing()
    faults = () if problem is None else problem.faults or [Fault("", str(problem.description))]
    renamed = [
        Fault(ESCALATION.get(fault.pointer, fault.pointer), fault.detail) for fault in faults
    ]
    errors, others = by_field(renamed, forms.RULE)
    channels = list_channels(session(), team_ids=team_ids_here())
    return page(
        "alerts/rule_form",
        200 if problem is None else problem.code or 422,
        typed=typed,
        errors=errors,
        others=others,
        channels=[(str(channel.id), channel.name) for channel in channels],
        when=WHEN,
        named_tasks=_named(values.get("rule")),
        **{"rule": None, **values},
        **place_values(),
    )


def _named(rule: dict[str, Any] | None) -> list[tuple[uuid.UUID, str]]:
    """Return the tasks that a rule is for, by id and name."""
    ids = (rule or {}).get("tasks") or ()
    if not ids:
        return []
    found = session().execute(select(Task.id, Task.name).where(Task.id.in_(ids)))
    return [(row.id, row.name) for row in found]
