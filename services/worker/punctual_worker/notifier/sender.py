"""Send one message: open its channel, compose it and hand it to what speaks with the receiver."""

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from sqlalchemy import Engine

from punctual.domain.alerts.channels import ChannelKind, Part, sealed_name
from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.message import Message, compose
from punctual.domain.commands.addresses import Network
from punctual.domain.instant import format_instant
from punctual.ops.mail_settings import MailConfig
from punctual.ops.sealing import CannotOpenError, OpeningKeys
from punctual.store.alerts.facts import load
from punctual.store.alerts.links import create_links
from punctual.store.alerts.sending import Claimed, ClaimedChannel, Outcome, addresses_of_admins
from punctual_worker.notifier.chat import send_by_apprise
from punctual_worker.notifier.mail import send_mail
from punctual_worker.notifier.webhook import send_webhook

TEST_SUBJECT = "Test message of Punctual"
TEST_TEXT = "This is a test of the channel {name}. Messages of alerts arrive here.\n"
PRUNED = "what it was about is older than the history that is kept"


@dataclass(frozen=True, slots=True)
class Means:
    """What a notifier sends with."""

    engine: Engine
    keys: OpeningKeys
    mail: MailConfig | None
    public_url: str
    allowed: tuple[Network, ...]


class Sender:
    """Sends messages; every failure is an outcome."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def send(self, claimed: Claimed, *, now: datetime) -> Outcome:
        """Return what came of sending a message."""
        composed = self._message(claimed, now=now)
        if composed is None:
            return Outcome(False, PRUNED)
        message, good = composed
        channel = claimed.channel
        if channel is None:
            with self._means.engine.begin() as connection:
                to = addresses_of_admins(connection)
            return send_mail(message, to, self._means.mail, delivery_id=claimed.id, now=now)
        if channel.kind == ChannelKind.EMAIL:
            to = list(channel.recipients)
            return send_mail(message, to, self._means.mail, delivery_id=claimed.id, now=now)
        try:
            url = self._opened(channel, Part.URL)
            if channel.kind == ChannelKind.APPRISE:
                return send_by_apprise(url, message, good=good)
            return send_webhook(
                url,
                self._opened(channel, Part.SECRET),
                message.data,
                delivery_id=claimed.id,
                now=now,
                allowed=self._means.allowed,
            )
        except CannotOpenError as error:
            return Outcome(
                False,
                f"the URL cannot be opened: {error}. An operator sets PUNCTUAL_SECRETS_PRIVATE_KEY"
                " for the notifier, or the channel is given its URL again",
            )

    def _opened(self, channel: ClaimedChannel, part: Part) -> str:
        sealed = channel.url if part == Part.URL else channel.secret
        if sealed is None or channel.key is None:
            raise CannotOpenError("it is not there")
        return self._means.keys.open(
            sealed,
            key=channel.key,
            team_id=channel.sealed_team,
            name=sealed_name(channel.id, part),
        )

    def _message(self, claimed: Claimed, *, now: datetime) -> tuple[Message, bool] | None:
        """Return a message, and whether it is good news; None when its events are pruned."""
        if claimed.kind == "test":
            return _test(claimed, now=now), True
        with self._means.engine.begin() as connection:
            facts = load(connection, claimed.event_ids)
            if not facts:
                return None
            links = create_links(connection, facts) if self._means.public_url else {}
        channel = claimed.channel
        message = compose(
            facts,
            public_url=self._means.public_url,
            zone=None if channel is None else channel.zone,
            links=links,
        )
        good = all(one.kind == EventKind.RECOVERED or one.is_over for one in facts)
        return message, good


def _test(claimed: Claimed, *, now: datetime) -> Message:
    name = "" if claimed.channel is None else claimed.channel.name
    text = TEST_TEXT.format(name=f"“{name}”")
    data: dict[str, Any] = {
        "type": "test",
        "timestamp": format_instant(now),
        "data": {"channel": name, "message": text.strip()},
    }
    return Message(TEST_SUBJECT, text, f"<p>{escape(text.strip())}</p>", data)
