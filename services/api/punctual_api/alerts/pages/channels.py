"""The pages of channels: where messages go."""

import uuid
from typing import Any

from flask import Response, flash, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.alerts.channels import ChannelKind
from punctual.store.alerts.channels import list_channels
from punctual.store.alerts.rules import list_rules
from punctual.store.schema.models import AlertChannel
from punctual_api.alerts import changes as rules
from punctual_api.alerts.pages import forms
from punctual_api.alerts.pages.place import in_both, is_installation, place_url, place_values
from punctual_api.alerts.pages.words import EVENTS, EXAMPLES, KINDS
from punctual_api.audit.recorder import changed_nothing
from punctual_api.channels import changes, testing
from punctual_api.channels.schemas import ChannelChangesSchema, NewChannelSchema
from punctual_api.http.context import session, settings, team_id
from punctual_api.http.problems import Fault, Problem
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages

TESTED = "The test message is delivered: {detail}"
NOT_TESTED = "The test message is not delivered: {detail}"


@pages.app_template_filter()
def event_words(kind: str) -> str:
    """Return an event as one reads it in a list."""
    return next((words for one, words in EVENTS.items() if one == kind), kind)


@pages.app_template_filter()
def channel_words(kind: str) -> str:
    """Return a kind of channels as one reads it."""
    return next((words for one, words in KINDS.items() if one == kind), kind)


@in_both("", "GET")
def show_alerts() -> Response:
    """The channels and the rules of a place."""
    return page(
        "alerts/alerts",
        channels=changes.shown(list_channels(session(), team_ids=team_ids_here())),
        rules=rules.shown(list_rules(session(), team_ids=team_ids_here())),
        has_public_url=bool(settings().public_url),
        **place_values(),
    )


@in_both("channels/new/", "GET")
def new_channel() -> Response:
    """An empty form; `kind` in the address chooses what it asks for."""
    kind = next((one for one in ChannelKind if one == request.args.get("kind")), ChannelKind.EMAIL)
    return _form({**forms.BLANK_CHANNEL, "kind": str(kind)})


@in_both("channels/new/", "POST")
def create_channel() -> AnyResponse:
    """A new channel; the secret of a webhook is shown this once."""
    typed = forms.typed_channel()
    try:
        document = forms.channel_document(typed, new=True)
        sent = forms.loaded(NewChannelSchema(), document)
        made, secret = changes.create({**sent, "installation": is_installation()})
    except Problem as problem:
        return _form(typed, problem)
    return _saved(made, secret, f"The channel {made.name} is created.")


@in_both("channels/<uuid:channel>/", "GET")
def show_channel(channel: uuid.UUID) -> Response:
    """A channel's form."""
    return _own_form(changes.own_channel(channel))


@in_both("channels/<uuid:channel>/", "POST")
def change_channel(channel: uuid.UUID) -> AnyResponse:
    """Other values of a channel; without a URL it keeps the one that it has."""
    found = changes.own_channel(channel)
    typed = {**forms.typed_channel(), "kind": found.kind}
    try:
        document = forms.channel_document(typed, new=False)
        if "new_secret" in request.form:
            document["new_secret"] = True
        sent = forms.loaded(ChannelChangesSchema(), document)
        made, secret = changes.change(channel, sent)
    except Problem as problem:
        return _own_form(found, typed, problem)
    return _saved(made, secret, f"The channel {made.name} is saved.")


@in_both("channels/<uuid:channel>/test/", "POST")
def test_channel(channel: uuid.UUID) -> AnyResponse:
    """Send a message to a channel, and show what the receiver answered."""
    try:
        result = testing.test_own(channel)
    except Problem as problem:
        if problem.code != 429:
            raise
        session().rollback()
        changed_nothing()
        flash(str(problem.description), "warn")
        return redirect(place_url("show_channel", channel=channel))
    status = f"{result['status']}, " if result["status"] is not None else ""
    words = TESTED if result["delivered"] else NOT_TESTED
    detail = f"{status}{result['detail']}"
    flash(words.format(detail=detail), "" if result["delivered"] else "bad")
    return redirect(place_url("show_channel", channel=channel))


@in_both("channels/<uuid:channel>/delete/", "POST")
def delete_channel(channel: uuid.UUID) -> AnyResponse:
    """Delete a channel, with its rules."""
    name = changes.own_channel(channel).name
    changes.delete(channel)
    flash(f"The channel {name} is deleted, with its rules.")
    return redirect(place_url("show_alerts"))


def team_ids_here() -> list[uuid.UUID]:
    """Return the team of the page, or what stands for the installation."""
    return [team_id()]


def _saved(channel: AlertChannel, secret: str | None, words: str) -> AnyResponse:
    if secret is None:
        flash(words)
        return redirect(place_url("show_channel", channel=channel.id))
    [shown] = changes.shown([channel])
    return page("alerts/channel_secret", channel=shown, secret=secret, **place_values())


def _own_form(
    channel: AlertChannel, typed: dict[str, Any] | None = None, problem: Problem | None = None
) -> Response:
    if problem is not None:
        session().rollback()
    [shown] = changes.shown([changes.own_channel(channel.id)])
    return _form(typed or forms.channel_as_typed(shown), problem, channel=shown)


def _form(typed: dict[str, Any], problem: Problem | None = None, **values: Any) -> Response:
    if problem is not None:
        session().rollback()
        changed_nothing()
    faults = () if problem is None else problem.faults or [Fault("", str(problem.description))]
    renamed = [
        Fault("/until" if fault.pointer == "/quiet/to" else fault.pointer, fault.detail)
        for fault in faults
    ]
    errors, others = by_field(renamed, forms.CHANNEL)
    return page(
        "alerts/channel_form",
        200 if problem is None else problem.code or 422,
        typed=typed,
        errors=errors,
        others=others,
        words=KINDS,
        examples=EXAMPLES,
        **{"channel": None, **values},
        **place_values(),
    )
