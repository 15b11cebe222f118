"""The URL of an SMTP server, the sender, and addresses that mail can be sent to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.mail import (
    MailServer,
    Sender,
    is_deliverable,
    parse_mail_server,
    parse_sender,
)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", MailServer("mail.example.com", 587, "starttls")),
        ("smtps://mail.example.com", MailServer("mail.example.com", 465, "from the start")),
        (
            "smtp://me%40example.com:p%40ss%2Fword@mail.example.com:2525/",
            MailServer("mail.example.com", 2525, "starttls", "me@example.com", "p@ss/word"),
        ),
        ("smtp://relay?starttls=never", MailServer("relay", 587, "never")),
        ("smtp://localhost:25", MailServer("localhost", 25, "never")),
        ("smtp://127.0.0.2", MailServer("127.0.0.2", 587, "never")),
        ("smtp://[::1]:25", MailServer("::1", 25, "never")),
        ("smtp://localhost?starttls=always", MailServer("localhost", 587, "starttls")),
        ("smtp://localhost.example.com", MailServer("localhost.example.com", 587, "starttls")),
        (
            "smtps://mail?ca=/etc/ca.pem&timeout=2.5",
            MailServer("mail", 465, "from the start", ca="/etc/ca.pem", timeout_seconds=2.5),
        ),
    ],
)
def test_a_server_is_read_from_its_url(url: str, server: MailServer) -> None:
    assert parse_mail_server(url) == server


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mail.example.com", "smtp:// or smtps://"),
        ("http://mail.example.com", "smtp:// or smtps://"),
        ("smtp://", "no host"),
        ("smtp://mail:0", "a port that is none"),
        ("smtp://mail:70000", "cannot be read"),
        ("smtp://mail:x", "cannot be read"),
        ("smtp://[::1", "cannot be read"),
        ("smtp://user@mail", "both or neither"),
        ("smtp://:hunter2secret@mail", "both or neither"),
        ("smtp://me@example.com:hunter2secret@mail", "write @ as %40"),
        ("smtp://me:hunter2/secret@mail", "cannot be read"),
        ("smtp://mail/path", "/ as %2F"),
        ("smtp://mail#part", "# as %23"),
        ("smtp://me:hünter2secret@mail", "%20"),
        ("smtp://me:h%C3%BCnter2secret@mail", "ASCII alone"),
        ("smtp://mail?tls=no", "'tls'; there are ca, starttls, timeout"),
        ("smtp://mail?starttls=maybe", "always or never"),
        ("smtp://mail?starttls=never&starttls=always", "twice"),
        ("smtps://mail?starttls=never", "leave out starttls"),
        ("smtp://mail?timeout=0", "at most 60"),
        ("smtp://mail?timeout=nan", "at most 60"),
        ("smtp://mail?timeout=61", "at most 60"),
    ],
)
def test_what_is_wrong_with_a_url_is_said_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        parse_mail_server(url)
    assert reason in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_server_does_not_print_its_password() -> None:
    assert "hunter2" not in repr(parse_mail_server("smtp://me:hunter2@mail"))


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("cron@example.com", Sender("Punctual", "cron@example.com")),
        ("Cron <cron@example.com>", Sender("Cron", "cron@example.com")),
        ('"Zeitplän, GmbH" <cron@example.com>', Sender("Zeitplän, GmbH", "cron@example.com")),
        ("<cron@localhost>", Sender("Punctual", "cron@localhost")),
    ],
)
def test_the_sender_is_an_address_with_a_name_or_without(text: str, sender: Sender) -> None:
    assert parse_sender(text) == sender


@pytest.mark.parametrize(
    "text",
    ["", "cron", "a@b, c@d", "Cron <a@b> x", "Cron\r\nBcc: x <a@b.c>", "<a@b><c@d>", "a b@c.d"],
)
def test_what_is_no_sender_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        parse_sender(text)


@pytest.mark.parametrize(
    "address",
    ["ann@example.com", "a.b+c%d@x-y.example", "o'neil@example.com", "mäx@exämple.com", "r@host"],
)
def test_ordinary_addresses_can_be_mailed_to(address: str) -> None:
    assert is_deliverable(address)


@pytest.mark.parametrize(
    "address",
    [
        *("ann", "@example.com", "ann@", "a@b@c.de", "a..b@example.com", ".a@example.com"),
        *("a,victim@example.com", "a>b@example.com", "<a@example.com", "a b@example.com"),
        *("a@example.com\r\nBcc: b@example.com", "a@example.com\n", "a@[127.0.0.1]", '"a b"@c.de'),
        *("a@-b.com", "a@b..com", "a@b.com.", "a:b@c.de", "a\u2028b@c.de", "a\x00b@c.de"),
        *("a(b)@c.de", "a;b@c.de", "a\\b@c.de", "x" * 65 + "@c.de", "a@" + "b" * 300 + ".de"),
        "ü" * 40 + "@c.de",
    ],
)
def test_an_address_that_could_be_read_as_several_is_not_mailed_to(address: str) -> None:
    assert not is_deliverable(address)


@given(st.text(max_size=40))
def test_no_address_that_is_mailed_to_has_a_character_that_ends_a_command(text: str) -> None:
    if is_deliverable(text):
        assert not set(text) & set("\r\n\0<> ,;")
        assert text.count("@") == 1
