"""What owners do with channels; API and pages call the same functions, which record it."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError

from punctual.domain.alerts.channels import INSTALLATION, ChannelKind, Part
from punctual.domain.audit.actions import Action
from punctual.ops.sealing import SealingKey
from punctual.store.alerts import channels as store
from punctual.store.alerts.rules import rules_of_channel
from punctual.store.driver.violations import is_duplicate
from punctual.store.schema.models import AlertChannel
from punctual.store.schema.models.model import new_id
from punctual_api.accounts.names import look_up_names, name_of
from punctual_api.alerts.installation import chosen_team, record_change, slug_of
from punctual_api.channels.addresses import (
    check_address,
    new_signing_secret,
    sealed,
    url_values,
)
from punctual_api.http.context import session, settings, team_id, user_id
from punctual_api.http.problems import Fault, Problem, invalid, limit_reached, not_found, taken

MOST_CHANNELS = 100
"""Of a team, and of the installation."""

NO_KEY = (
    "The address of this channel cannot be saved: PUNCTUAL_SECRETS_PUBLIC_KEY is not set for the"
    " API. An operator makes a pair of keys by `punctual secrets keygen`, and sets the private one"
    " for the workers and the notifier. Channels of kind email need none."
)
Document = dict[str, Any]


def create(sent: Document) -> tuple[AlertChannel, str | None]:
    """Return a new channel, and the secret of a webhook, shown this once; raises Problem."""
    team = chosen_team(installation=sent["installation"])
    kind = ChannelKind(sent["kind"])
    check_address(kind, sent.get("url"), sent.get("to"))
    if store.count_channels(session(), team_id=team) >= MOST_CHANNELS:
        raise limit_reached(f"There are {MOST_CHANNELS} channels, which is the most.")
    made_id = new_id()
    values = {
        "id": made_id,
        "team_id": store.stored_team(team),
        "kind": kind,
        "name": sent["name"],
        "recipients": sent.get("to"),
        "quiet": sent["quiet"],
        "enabled": sent["enabled"],
        "updated_by": user_id(),
    }
    secret = None
    if kind != ChannelKind.EMAIL:
        key = _sealing_key()
        values |= url_values(key, kind, sent["url"], team=team, id=made_id)
        if kind == ChannelKind.WEBHOOK:
            secret = new_signing_secret()
            values["secret"] = sealed(key, secret, Part.SECRET, team=team, id=made_id)
    made = store.create_channel(session(), values)
    if made is None:
        raise _taken()
    record_change("channel", made.id, made.name, team=made.team_id, after=recorded_channel(made))
    return made, secret


def change(channel_id: uuid.UUID, sent: Document) -> tuple[AlertChannel, str | None]:
    """Return a channel with other values, and its secret if that is new; raises Problem."""
    channel = own_channel(channel_id, lock=True)
    kind, team = ChannelKind(channel.kind), channel.team_id or INSTALLATION
    values: Document = {one: sent[one] for one in ("name", "quiet", "enabled") if one in sent}
    secret = None
    if "url" in sent or "to" in sent:
        check_address(kind, sent.get("url"), sent.get("to"))
    if "to" in sent:
        values["recipients"] = sent["to"]
    if sent["new_secret"] and kind != ChannelKind.WEBHOOK:
        raise invalid([Fault("/new_secret", "Only webhooks are signed.")])
    if "url" in sent or sent["new_secret"]:
        key = _sealing_key()
        if key.id != channel.key and not ("url" in sent and kind == ChannelKind.APPRISE):
            _require_both(sent, kind)
        if "url" in sent:
            values |= url_values(key, kind, sent["url"], team=team, id=channel.id)
        if sent["new_secret"]:
            secret = new_signing_secret()
            values["secret"] = sealed(key, secret, Part.SECRET, team=team, id=channel.id)
    if values.keys() & {"url", "recipients"}:
        values |= {"failing_since": None, "reported_at": None}
    before = recorded_channel(channel)
    try:
        store.change_channel(session(), channel, {**values, "updated_by": user_id()})
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise _taken() from None
    after = recorded_channel(channel)
    after |= {name: "replaced" for name in ("url", "secret") if name in values}
    record_change(
        "channel", channel.id, channel.name, team=channel.team_id, before=before, after=after
    )
    return channel, secret


def delete(channel_id: uuid.UUID) -> None:
    """Delete a channel with its rules and the log of its messages; raises Problem 404."""
    channel = own_channel(channel_id, lock=True)
    rules = rules_of_channel(session(), channel.id)
    own = [rule for rule in rules if rule.channel_id == channel.id]
    before = {**recorded_channel(channel), "rules": len(own)}
    record_change("channel", channel.id, channel.name, team=channel.team_id, before=before)
    for rule in own:
        what = {"channel": channel.name, "on": rule.events}
        record_change(
            "rule",
            rule.id,
            channel.name,
            team=rule.team_id,
            before=what,
            action=Action.RULE_DELETE,
        )
    store.delete_channel(session(), channel)


def own_channel(channel_id: uuid.UUID, *, lock: bool = False) -> AlertChannel:
    """Return the channel that the address names; raises Problem 404."""
    found = store.find_channel(session(), channel_id, team_id=team_id(), lock=lock)
    if found is None:
        raise not_found("channel")
    return found


def recorded_channel(channel: AlertChannel) -> Document:
    """Return what the record has of a channel: of its URL what may be shown."""
    return {
        "name": channel.name,
        "kind": channel.kind,
        "url": channel.shown,
        "to": channel.recipients,
        "quiet": channel.quiet,
        "enabled": channel.enabled,
    }


def shown(channels: Sequence[AlertChannel]) -> list[Document]:
    """Return channels as they are answered, but for the schema's formats."""
    look_up_names(channel.updated_by for channel in channels)
    return [
        {
            "id": channel.id,
            "team": slug_of(channel.team_id),
            "name": channel.name,
            "kind": channel.kind,
            "url": channel.shown,
            "to": channel.recipients,
            "quiet": channel.quiet,
            "enabled": channel.enabled,
            "last_delivered_at": channel.last_delivered_at,
            "failing_since": channel.failing_since,
            "created_at": channel.created_at,
            "updated_at": channel.updated_at,
            "updated_by": name_of(channel.updated_by),
        }
        for channel in channels
    ]


def _require_both(sent: Document, kind: ChannelKind) -> None:
    """Refuse to seal one part for a new key while the other one stays sealed for the old one."""
    if "url" in sent and sent["new_secret"]:
        return
    raise Problem(
        409,
        "The key of the API was changed since this channel was saved. Send `url` and"
        f" `new_secret` together, or have an operator run `punctual secrets rotate` ({kind}).",
    )


def _sealing_key() -> SealingKey:
    key = settings().secrets_public_key
    if not key:
        raise Problem(503, NO_KEY)
    return SealingKey(key)


def _taken() -> Problem:
    return taken("Another channel has this name.")
