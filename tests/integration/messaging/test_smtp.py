"""Sending by SMTP: with TLS and a login, and what is said of a server that does not take mails."""

from datetime import UTC, datetime
from time import monotonic
from urllib.parse import quote

import pytest

from punctual.domain.mail import Sender, parse_mail_server
from punctual.messaging.mail.failures import MailFailed
from punctual.messaging.mail.letter import Letter, Link, compose
from punctual.messaging.mail.smtp import check, send
from punctual.ops.mail_settings import MailConfig
from punctual_devstack.ports import free_port
from tests.support.mail_server.server import (
    CERTIFICATE,
    PASSWORD,
    USER,
    mail_server,
    server_context,
)
from tests.support.raw_server import CLOSE, RESET, STALL, Script, raw_server

ANN = "ann@example.com"
CA = f"ca={CERTIFICATE}"
LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"


def config_of(url: str) -> MailConfig:
    sender = Sender("Cron", "cron@example.com")
    return MailConfig(parse_mail_server(url), sender, "cron.example.com")


def mail(url: str, to: str = ANN) -> None:
    """Send a letter by the server of a URL."""
    config = config_of(url)
    letter = Letter("test", to, "Hello", ["It arrives."], Link("Open", "https://cron.example.com"))
    now = datetime.now(UTC)
    send(compose(letter, config.sender, host=config.host, now=now), to, config)


def failure(url: str, to: str = ANN) -> MailFailed:
    """What is said when that fails."""
    with pytest.raises(MailFailed) as raised:
        mail(url, to)
    return raised.value


def test_a_mail_goes_by_starttls_with_a_login() -> None:
    with mail_server(starttls=True, login=True) as server:
        mail(f"smtp://{LOGIN}localhost:{server.port}?starttls=always&{CA}")
        [taken] = server.mails
    assert (taken.recipients, taken.is_encrypted, taken.login) == ([ANN], True, USER)


def test_a_mail_goes_by_tls_from_the_start() -> None:
    with mail_server(tls=True) as server:
        mail(f"smtps://localhost:{server.port}?{CA}")
        [taken] = server.mails
    assert (taken.recipients, taken.is_encrypted) == ([ANN], True)


def test_this_machine_is_sent_to_without_tls() -> None:
    with mail_server() as server:
        mail(f"smtp://127.0.0.1:{server.port}")
        assert [taken.is_encrypted for taken in server.mails] == [False]


def test_a_server_without_starttls_gets_neither_password_nor_mail_where_tls_is_needed() -> None:
    with mail_server() as server:
        failed = failure(f"smtp://{LOGIN}localhost:{server.port}?starttls=always")
        assert server.mails == []
    assert "offers no STARTTLS" in str(failed)
    assert "starttls=never" in str(failed)
    assert not failed.is_temporary


@pytest.mark.parametrize(
    ("host", "parameters", "reason"),
    [("localhost", "", "self-signed"), ("127.0.0.1", f"&{CA}", "IP address mismatch")],
)
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_is_not_trusted_stops_it(
    scheme: str, host: str, parameters: str, reason: str
) -> None:
    starttls = scheme == "smtp"
    with mail_server(starttls=starttls, tls=not starttls) as server:
        how = "starttls=always" if starttls else "timeout=5"
        failed = failure(f"{scheme}://{host}:{server.port}?{how}{parameters}")
        assert server.mails == []
    assert f"certificate is not trusted: {reason}" in str(failed)
    assert "?ca=FILE" in str(failed)


def test_a_wrong_password_is_reported_without_it() -> None:
    with mail_server(starttls=True, login=True) as server:
        url = f"smtp://{USER}:hunter2@localhost:{server.port}?starttls=always&{CA}"
        failed = failure(url)
    assert "refuses the user or the password in PUNCTUAL_SMTP_URL (535)" in str(failed)
    assert "hunter2" not in str(failed)
    assert not failed.is_temporary


def test_a_missing_login_is_reported() -> None:
    with mail_server(starttls=True, login=True) as server:
        failed = failure(f"smtp://localhost:{server.port}?starttls=always&{CA}")
    assert "whether the server needs a user and a password" in str(failed)


def test_a_login_that_the_server_does_not_take_is_reported() -> None:
    with mail_server() as server:
        failed = failure(f"smtp://{LOGIN}localhost:{server.port}")
    assert "takes no logins" in str(failed)


def test_addresses_with_other_letters_need_smtputf8() -> None:
    with mail_server() as server:
        failed = failure(f"smtp://localhost:{server.port}", "mäx@exämple.com")
    assert "letters beyond ASCII (SMTPUTF8)" in str(failed)
    assert failed.is_of_recipient
    with mail_server(utf8=True) as server:
        mail(f"smtp://localhost:{server.port}", "mäx@exämple.com")
        [taken] = server.mails
    assert taken.recipients == ["mäx@exämple.com"]
    assert "To: mäx@exämple.com\r\n".encode() in taken.raw


@pytest.mark.parametrize(
    ("answer", "is_temporary"), [("550 5.1.1 unknown", False), ("451 greylisted", True)]
)
def test_a_recipient_that_is_refused_for_good_differs_from_one_that_is_put_off(
    answer: str, is_temporary: bool
) -> None:
    with mail_server() as server:
        server.refusals[ANN] = answer
        failed = failure(f"smtp://localhost:{server.port}")
    assert answer in str(failed)
    assert (failed.is_temporary, failed.is_of_recipient) == (is_temporary, not is_temporary)


@pytest.mark.parametrize(
    ("answer", "is_temporary"), [("554 5.7.1 looks like spam", False), ("452 disk full", True)]
)
def test_a_content_that_is_refused_is_reported(answer: str, is_temporary: bool) -> None:
    with mail_server() as server:
        server.failures.append(answer)
        failed = failure(f"smtp://localhost:{server.port}")
    assert answer in str(failed)
    assert (failed.is_temporary, failed.is_of_recipient) == (is_temporary, False)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (Script([b""], end=STALL, read=False), "did not answer within 0.2 s"),
        (Script([b"220 mail"], end=STALL, read=False), "did not answer within 0.2 s"),
        (Script([b"220 mail\r\n"], end=STALL, read=False), "did not answer within 0.2 s"),
        (Script([b""], end=CLOSE, read=False), "closed the connection"),
        (Script([b"220 mail\r\n"], end=RESET, read=False), "closed the connection"),
        (Script([b"554 go away\r\n"], end=CLOSE, read=False), "refuses: 554 go away"),
        (Script([b"421 too busy\r\n"], end=CLOSE, read=False), "refuses: 421 too busy"),
        (Script([b"HTTP/1.1 400 Bad\r\n\r\n"], end=CLOSE, read=False), "127.0.0.1"),
        (Script([b"220 " + b"x" * 20_000 + b"\r\n"], end=STALL, read=False), "127.0.0.1"),
        (Script([b"\xff\x00\xfe\r\n"], end=CLOSE, read=False), "127.0.0.1"),
    ],
)
def test_a_server_that_hangs_closes_or_talks_nonsense_is_reported(
    script: Script, reason: str
) -> None:
    with raw_server(script) as server:
        failed = failure(f"smtp://127.0.0.1:{server.port}?timeout=0.2")
    assert reason in str(failed)
    assert str(failed).isprintable()


def test_a_tls_server_spoken_to_without_tls_is_named() -> None:
    with raw_server(Script([b""], end=STALL), server_context()) as server:
        failed = failure(f"smtp://localhost:{server.port}?timeout=0.2")
    assert "needs smtps://" in str(failed)


def test_a_plain_server_spoken_to_by_tls_is_named() -> None:
    with mail_server() as server:
        failed = failure(f"smtps://localhost:{server.port}")
    assert "smtp:// for 587 or 25" in str(failed)


def test_a_port_or_a_host_that_is_not_there_is_named() -> None:
    assert "refuses connections" in str(failure(f"smtp://127.0.0.1:{free_port()}"))
    assert "the name mail.invalid is not known" in str(failure("smtp://mail.invalid"))


def test_the_check_logs_in_and_sends_nothing() -> None:
    with mail_server(starttls=True, login=True) as server:
        check(config_of(f"smtp://{LOGIN}localhost:{server.port}?starttls=always&{CA}"))
        with pytest.raises(MailFailed, match="refuses the user"):
            check(config_of(f"smtp://x:y@localhost:{server.port}?starttls=always&{CA}"))
        assert server.mails == []


def test_a_step_takes_the_timeout_at_most() -> None:
    with raw_server(Script([b""], end=STALL, read=False)) as server:
        began = monotonic()
        failure(f"smtp://127.0.0.1:{server.port}?timeout=0.1")
        assert monotonic() - began < 10
