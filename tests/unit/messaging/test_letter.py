"""Letters: what they say as text and as HTML, and that no name becomes a header."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from punctual.domain.mail import Sender
from punctual.messaging.mail.letter import Letter, Link, compose

NOW = datetime(2026, 11, 29, 14, 5, tzinfo=UTC)
URL = "https://cron.example.com/reset/" + "x" * 43 + "/"


def received(letter: Letter, sender: Sender | None = None) -> EmailMessage:
    """A letter as its reader's program takes it."""
    made = compose(
        letter, sender or Sender("Cron", "cron@example.com"), host="cron.example.com", now=NOW
    )
    return message_from_bytes(made.as_bytes(), policy=SMTP)


def letter(**changed: object) -> Letter:
    values: dict[str, object] = {
        "kind": "reset",
        "to": "ann@example.com",
        "subject": "Choose a new password",
        "paragraphs": ["A new password was requested for your account <ann> & co. " * 3],
        "link": Link("Choose", URL),
        "closing": ["Good for an hour."],
    }
    return Letter(**{**values, **changed})  # type: ignore[arg-type]


def test_the_headers_are_those_of_a_program_that_wants_no_answer() -> None:
    mail = received(letter())
    assert mail["From"] == "Cron <cron@example.com>"
    assert mail["To"] == "ann@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Sun, 29 Nov 2026 14:05:00 +0000"
    assert mail["Message-ID"].endswith("@cron.example.com>")
    assert received(letter())["Message-ID"] != mail["Message-ID"]


def test_the_text_is_plain_and_the_same_stands_in_the_html() -> None:
    mail = received(letter())
    assert mail.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in mail.iter_parts())
    assert URL in text.splitlines()
    assert max(map(len, text.replace(URL, "").splitlines())) <= 72
    assert "&lt;ann&gt; &amp; co." in html
    assert html.count(URL) == 2
    assert "<ann>" in text
    for content in ("http://", "<img", "<script", "src="):
        assert content not in html


def test_a_link_is_in_one_piece_in_the_mail_as_it_is_sent() -> None:
    made = compose(letter(), Sender("Cron", "cron@example.com"), host="h", now=NOW)
    assert f"\r\n{URL}\r\n".encode() in made.as_bytes()


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("field", ["subject", "to"])
def test_a_line_end_in_a_header_is_refused(field: str, end: str) -> None:
    value = f"a@example.com{end}Bcc: victim@example.com"
    with pytest.raises(ValueError, match=r"."):
        compose(
            letter(**{field: value}), Sender("Cron", "cron@example.com"), host="h", now=NOW
        ).as_bytes()


def test_a_line_end_in_a_paragraph_stays_a_part_of_the_body() -> None:
    mail = received(letter(paragraphs=["a\r\nBcc: victim@example.com\r\n\r\nb"]))
    assert mail["Bcc"] is None


def test_other_letters_in_names_are_encoded() -> None:
    mail = received(letter(), Sender("Zeitplän, GmbH", "cron@example.com"))
    assert str(mail["From"]) == '"Zeitplän, GmbH" <cron@example.com>'
