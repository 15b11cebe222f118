"""Messages: what a channel sends of one event or of many, for chats, mail and programs.

Text is plain text: whatever sends it must not take it for Markdown or HTML.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from punctual.domain.alerts import html
from punctual.domain.alerts.addresses import Addresses
from punctual.domain.alerts.data import Document, document
from punctual.domain.alerts.digest import digest_lines, digest_title
from punctual.domain.alerts.facts import EventFacts
from punctual.domain.alerts.headlines import LONGEST_SUBJECT, headline
from punctual.domain.alerts.plain import harmless
from punctual.domain.alerts.rows import rows
from punctual.domain.alerts.times import MessageReader, reader_of

TAIL = "Last lines of output"
CLOSING = "Links that retry or snooze work for 7 days, without a login, after one confirmation."
MOST_IN_CHAT = 10
"""Lines of output in plain text; mail in HTML and webhooks have all."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message, composed for every kind of channel."""

    subject: str
    text: str
    html: str
    data: Document


def compose(
    facts: Sequence[EventFacts], *, public_url: str, zone: str | None, links: Mapping[int, str]
) -> Message:
    """Return the message of these events, of which there is at least one.

    `zone` is the name of the reader's time zone; None: that of each task. `links` are the codes of
    the links that retry and snooze, by event.
    """
    addresses = Addresses(public_url, links)
    if len(facts) > 1:
        return _of_many(facts, addresses)
    [only] = facts
    return _of_one(only, addresses, reader_of(zone, only.task.zone if only.task else "UTC"))


def _of_one(facts: EventFacts, addresses: Addresses, reader: MessageReader) -> Message:
    title, pairs, actions = headline(facts), rows(facts, reader), addresses.actions(facts)
    closing = CLOSING if len(actions) > 1 else ""
    lines = [title, *(f"{label}: {text}" for label, text in pairs)]
    if facts.tail:
        lines += [f"{TAIL}:", *(f"    {harmless(line)}" for line in facts.tail[-MOST_IN_CHAT:])]
    lines += [f"{action.label}: {action.url}" for action in actions]
    body = html.page(
        title,
        [
            html.title(title),
            html.table(pairs),
            html.output(TAIL, facts.tail),
            html.buttons(actions),
            html.small(closing) if closing else "",
        ],
    )
    subject = headline(facts, LONGEST_SUBJECT)
    return Message(subject, "\n".join(lines) + "\n", body, document([facts], addresses))


def _of_many(facts: Sequence[EventFacts], addresses: Addresses) -> Message:
    title = digest_title(facts)
    items = digest_lines(facts, addresses)
    more = len(facts) - len(items)
    closing = f"… and {more:,} more" if more else ""
    team = facts[0].team if len({one.team for one in facts}) == 1 else None
    url = addresses.of_team(team)
    lines = [title, *(f"- {text}" for text, _ in items), closing, f"Open: {url}" if url else ""]
    body = html.page(
        title,
        [
            html.title(title),
            html.items(items),
            html.small(closing) if closing else "",
            html.small(f"Open: {url}") if url else "",
        ],
    )
    text = "\n".join(line for line in lines if line) + "\n"
    return Message(digest_title(facts, LONGEST_SUBJECT), text, body, document(facts, addresses))
