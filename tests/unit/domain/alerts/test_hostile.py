"""What users name and commands write gives no orders to who reads a message."""

from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.alerts.facts import FAILED, event, message, named

SCRIPT = "<script>alert(1)</script>"
HOSTILE = {
    "header": "backup\r\nBcc: everyone@example.com",
    "markup": SCRIPT,
    "attribute": '" onmouseover="alert(1)',
    "entity": "&lt;b&gt;",
    "mention": "@everyone <!channel> <@U123> @here",
    "link": "[Retry](https://evil.example.com)",
    "direction": "abc\u202egnp.exe",
    "terminal": "\x1b]0;title\x07\x1b[31mred",
    "long": "x" * 5000,
    "wide": "字" * 300,
    "unseen": "\u200b\u2060\x00",
    "halves": "\ud800",
}
names = pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())


class Text(HTMLParser):
    """The tags of a mail, and its text as a reader sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def read(html: str) -> Text:
    """A mail as a mail program parses it."""
    found = Text()
    found.feed(html)
    return found


@names
def test_a_subject_is_one_line_of_78_characters(name: str) -> None:
    subject = message(named(name)).subject
    assert len(subject) <= 78
    assert subject.isprintable() or "字" in subject
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject  # raises for a line end
    assert mail.keys() == ["Subject"]


@names
def test_html_has_the_same_tags_whatever_is_in_it(name: str) -> None:
    usual, found = read(message(named("backup")).html), read(message(named(name)).html)
    assert (found.tags, found.attributes) == (usual.tags, usual.attributes)
    lines = read(message(event(tail=(name, name))).html)
    assert (lines.tags, lines.attributes) == (usual.tags, usual.attributes)


@names
def test_no_chat_finds_a_mention_or_another_link(name: str) -> None:
    for text in (message(named(name)).text, message(event(tail=(name,))).text):
        for order in ("@everyone", "@here", "<!channel", "<@U", "](https"):
            assert order not in text


@names
def test_a_name_adds_no_line_to_a_text(name: str) -> None:
    usual = message(named("backup")).text.count("\n")
    assert message(named(name)).text.count("\n") == usual


@given(st.text())
def test_any_name_makes_a_message(name: str) -> None:
    made = message(named(name))
    assert len(made.subject) <= 78
    assert made.data["data"]["task"]["name"] == name


@names
def test_a_list_of_many_is_as_safe(name: str) -> None:
    usual = read(message(FAILED, FAILED).html)
    made = message(FAILED, named(name))
    assert read(made.html).tags == usual.tags
    assert "@everyone" not in made.text
    assert len(made.subject) <= 78
