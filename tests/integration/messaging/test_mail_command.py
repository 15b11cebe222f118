"""`punctual mail test`, and what the doctor says of the mail server."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from punctual_devstack.ports import free_port
from tests.integration.doctor.conftest import Doctor, at_work, bad, doctor  # noqa: F401
from tests.support.mail_server.server import CERTIFICATE, PASSWORD, USER, mail_server

PUNCTUAL = str(Path(sys.executable).with_name("punctual"))
OTHERS = {
    "PUNCTUAL_MAIL_FROM": "Cron <cron@example.com>",
    "PUNCTUAL_PUBLIC_URL": "https://cron.example.com",
}


def punctual_mail(
    url: str, to: str = "ann@example.com", **changed: str
) -> "subprocess.CompletedProcess[str]":
    """The operator's command, run to its end."""
    environ = {"PUNCTUAL_SMTP_URL": url, **OTHERS, **changed}
    return subprocess.run(
        [PUNCTUAL, "mail", "test", to],
        env={name: value for name, value in environ.items() if value},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_an_operator_sends_a_test_mail() -> None:
    with mail_server(starttls=True, login=True) as server:
        url = f"smtp://{USER}:{quote(PASSWORD, safe='')}@localhost:{server.port}"
        done = punctual_mail(f"{url}?starttls=always&ca={CERTIFICATE}")
        [mail] = server.mails
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"localhost:{server.port} has taken a mail to ann@example.com\n"
    assert mail.subject == "Test mail of Punctual"
    assert "https://cron.example.com" in mail.text


@pytest.mark.parametrize("to", ["ann", "a@b.c\nBcc: d@e.f", "a,b@c.d"])
def test_what_is_no_address_is_refused(to: str) -> None:
    with mail_server() as server:
        done = punctual_mail(f"smtp://127.0.0.1:{server.port}", to)
        assert server.mails == []
    assert done.returncode == 1
    assert done.stderr == f"mail: not sent: {to!r} is no address that mail can be sent to\n"


def test_it_says_what_to_do_when_the_server_is_not_there() -> None:
    done = punctual_mail(f"smtp://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "refuses connections: check host and port" in done.stderr


@pytest.mark.parametrize("missing", ["PUNCTUAL_SMTP_URL", *OTHERS])
def test_it_names_a_setting_that_is_missing(missing: str) -> None:
    done = punctual_mail("smtp://127.0.0.1", **{missing: ""})
    assert done.returncode == 2
    assert f"mail: {missing} is not set" in done.stderr


@pytest.mark.usefixtures("at_work")
def test_the_doctor_sees_whether_the_mail_server_answers(doctor: Doctor) -> None:  # noqa: F811
    _, document = doctor()
    assert "mail" not in {each["check"] for each in document["findings"]}
    own = {name.removeprefix("PUNCTUAL_"): value for name, value in OTHERS.items()}
    with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}"
        _, document = doctor(SMTP_URL=url, **own)
        assert bad(document, "ok")["mail"] == (
            f"127.0.0.1:{server.port} answers, unencrypted, without a login"
        )
        code, document = doctor(SMTP_URL=url, PUBLIC_URL=own["PUBLIC_URL"])
        assert (code, "MAIL_FROM is not set" in bad(document, "error")["mail"]) == (1, True)
        assert server.mails == []
    code, document = doctor(SMTP_URL=f"smtp://me:hunter2@127.0.0.1:{free_port()}", **own)
    assert code == 1
    assert "refuses connections" in bad(document, "error")["mail"]
    assert "hunter2" not in str(document)
