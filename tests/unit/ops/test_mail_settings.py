"""Settings of mail: checked when a service starts, and named when they cannot be used."""

from pathlib import Path

import pytest

from punctual.ops import config
from punctual.ops.config import InvalidSetting

SECRET = "hunter2-of-the-mail-server"
WHOLE = {
    "PUNCTUAL_SMTP_URL": f"smtp://me:{SECRET}@mail.example.com",
    "PUNCTUAL_MAIL_FROM": "Cron <cron@example.com>",
    "PUNCTUAL_PUBLIC_URL": "https://cron.example.com",
}


def check(environ: dict[str, str]) -> None:
    config.check_mailing(config.load(environ=environ))


@pytest.mark.parametrize("environ", [{}, WHOLE, {"PUNCTUAL_PUBLIC_URL": "https://x.example"}])
def test_what_fits_together_is_taken(environ: dict[str, str]) -> None:
    check(environ)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"MAIL_FROM": ""}, "PUNCTUAL_MAIL_FROM is not set"),
        ({"PUBLIC_URL": ""}, "PUNCTUAL_PUBLIC_URL is not set, and mail needs it"),
        ({"SMTP_URL": ""}, "PUNCTUAL_SMTP_URL is not set"),
        ({"SMTP_URL": f"smtp://me@x:{SECRET}@mail"}, "PUNCTUAL_SMTP_URL must be a URL such as"),
        ({"SMTP_URL": "smtp://mail?ca=/nowhere.pem"}, "there is no file /nowhere.pem"),
        ({"MAIL_FROM": "cron"}, "PUNCTUAL_MAIL_FROM must be an address such as"),
        ({"MAIL_FROM": "a@b.c\r\nBcc: d@e.f"}, "PUNCTUAL_MAIL_FROM must be an address such as"),
    ],
)
def test_what_is_wrong_stops_the_start_by_name(changed: dict[str, str], named: str) -> None:
    environ = {**WHOLE, **{f"PUNCTUAL_{name}": value for name, value in changed.items()}}
    with pytest.raises(InvalidSetting) as raised:
        check({name: value for name, value in environ.items() if value})
    assert named in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_service_that_sends_none_may_have_the_sender_alone() -> None:
    config.load(environ={"PUNCTUAL_MAIL_FROM": "cron@example.com"})


def test_the_password_is_masked_and_comes_from_a_file_as_well(tmp_path: Path) -> None:
    file = tmp_path / "smtp_url"
    file.write_text(WHOLE["PUNCTUAL_SMTP_URL"] + "\n")
    settings = config.load(environ={"PUNCTUAL_SMTP_URL_FILE": str(file)})
    assert settings.smtp_url == WHOLE["PUNCTUAL_SMTP_URL"]
    shown = config.masked(settings)["PUNCTUAL_SMTP_URL"]
    assert shown == "smtp://me:********@mail.example.com"
    assert SECRET not in repr(settings)
