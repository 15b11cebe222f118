"""The API as a process: settings that stop its start, and what it sends before it ends."""

import signal
from pathlib import Path

import pytest

from tests.integration.api.conftest import PASSWORD
from tests.integration.api.mail.conftest import OWN_URL, SENDER
from tests.integration.api.served import launched, serving
from tests.support.mail_server.server import MailServer
from tests.support.servers import as_service

SECRET_KEY = "qW3rTy-only-for-tests-0123456789-abcdef"


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("public_url", "PUNCTUAL_PUBLIC_URL is not set, and mail needs it"),
        ("mail_from", "PUNCTUAL_MAIL_FROM is not set"),
    ],
)
def test_half_of_the_settings_stop_the_start_by_name(
    tmp_path: Path, missing: str, named: str
) -> None:
    mail = {"smtp_url": "smtp://me:hunter2@mail", "mail_from": SENDER, "public_url": OWN_URL}
    del mail[missing]
    others = {
        "database_url": "postgresql://u:p@127.0.0.1:1/d",
        "redis_url": "redis://127.0.0.1:1",
        "secret_key": SECRET_KEY,
    }
    with launched(tmp_path, **others, **mail) as process:
        _, written = process.communicate(timeout=60)
    assert process.returncode == 2
    assert named in written.decode()
    assert "hunter2" not in written.decode()


def test_a_mail_that_was_promised_is_sent_before_the_process_ends(
    database_url: str, redis_url: str, namespace: str, tmp_path: Path, mails: MailServer
) -> None:
    settings = {
        "database_url": as_service(database_url, "api"),
        "redis_url": redis_url,
        "namespace": namespace,
        "smtp_url": f"smtp://127.0.0.1:{mails.port}",
        "mail_from": SENDER,
        "public_url": OWN_URL,
    }
    with serving(tmp_path, **settings) as served:
        anna = {"username": "anna", "password": PASSWORD, "email": "anna@example.com"}
        assert served.client.post("/api/register/", json=anna).status_code == 201
        mails.delay_seconds = 0.9
        for _ in range(3):
            sent = served.client.post("/api/account/reset/", json={"email": "anna"})
            assert sent.status_code == 202
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(30) == 0
    assert len(mails.to("anna@example.com")) == 3
