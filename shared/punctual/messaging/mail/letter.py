"""Letters: what a mail says, once as plain text and once as simple HTML."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from html import escape

from punctual.domain.mail import Sender

TEXT_WIDTH = 72

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body style="margin: 0 auto; padding: 24px 16px; max-width: 34em; \
font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; overflow-wrap: anywhere">
{body}
</body>
</html>
"""
BUTTON = (
    "display: inline-block; padding: 12px 20px; border-radius: 8px; background: #0b6b5f; "
    "color: #ffffff; text-decoration: none; font-weight: 600"
)
SMALL = "font-size: 14px; opacity: 0.75"


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the installation that a letter leads to."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one address: paragraphs, a link where there is something to do, and the rest."""

    kind: str
    to: str
    subject: str
    paragraphs: Sequence[str]
    link: Link | None = None
    closing: Sequence[str] = ()


def compose(letter: Letter, sender: Sender, *, host: str, now: datetime) -> EmailMessage:
    """Return a letter as it is sent.

    Raises ValueError for a line end in what becomes a header: no header can be added by a name.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _mailbox(sender.address, sender.name)
    message["To"] = _mailbox(letter.to)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=host.strip("[]"))
    message["Auto-Submitted"] = "auto-generated"
    text, html = _text(letter), _html(letter)
    message.set_content(text, cte=_encoding(text))
    message.add_alternative(html, subtype="html", cte=_encoding(html))
    return message


def _mailbox(address: str, name: str = "") -> Address:
    # Not by `addr_spec`, which refuses letters beyond ASCII.
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _encoding(text: str) -> str:
    """Return how a text travels: as it is where it can, so that no link in it is cut."""
    return "7bit" if text.isascii() else "quoted-printable"


def _text(letter: Letter) -> str:
    parts = [_wrapped(paragraph) for paragraph in letter.paragraphs]
    if letter.link is not None:
        parts.append(f"{letter.link.label}:\n{letter.link.url}")
    parts += [_wrapped(paragraph) for paragraph in letter.closing]
    return "\n\n".join(parts) + "\n"


def _wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)


def _html(letter: Letter) -> str:
    parts = [f"<p>{escape(paragraph)}</p>" for paragraph in letter.paragraphs]
    if letter.link is not None:
        url = escape(letter.link.url)
        parts.append(f'<p><a href="{url}" style="{BUTTON}">{escape(letter.link.label)}</a></p>')
        parts.append(f'<p style="{SMALL}">{url}</p>')
    parts += [f'<p style="{SMALL}">{escape(paragraph)}</p>' for paragraph in letter.closing]
    return PAGE.format(title=escape(letter.subject), body="\n".join(parts))
