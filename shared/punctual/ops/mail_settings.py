"""Settings of mail: the SMTP server and the sender, for every service that sends."""

from pathlib import Path
from typing import NamedTuple, Protocol

from punctual.domain.hosts import host_of
from punctual.domain.mail import MailServer, Sender, parse_mail_server, parse_sender


class MailSettings(Protocol):
    """The part of the settings that is read here."""

    @property
    def smtp_url(self) -> str: ...

    @property
    def mail_from(self) -> str: ...

    @property
    def public_url(self) -> str: ...


class MailConfig(NamedTuple):
    """From where mail is sent, by which server; `host` is the installation's own name."""

    server: MailServer
    sender: Sender
    host: str


def check_mail(s: MailSettings) -> None:
    """Raise ValueError, naming the setting without its prefix, for one that cannot be used."""
    try:
        if s.smtp_url:
            parse_mail_server(s.smtp_url)
    except ValueError as error:
        raise ValueError(
            "SMTP_URL must be a URL such as smtp://user:password@mail.example.com:587: "
            + str(error)
        ) from None
    try:
        if s.mail_from:
            parse_sender(s.mail_from)
    except ValueError as error:
        raise ValueError(
            f"MAIL_FROM must be an address such as Punctual <cron@example.com>: {error}"
        ) from None


def check_mail_complete(s: MailSettings) -> None:
    """Raise ValueError, likewise, for what a service that sends mail misses."""
    if s.mail_from and not s.smtp_url:
        raise ValueError("SMTP_URL is not set, and MAIL_FROM needs it")
    if not s.smtp_url:
        return
    if not s.mail_from:
        raise ValueError("MAIL_FROM is not set, and SMTP_URL needs it")
    if not s.public_url:
        raise ValueError(
            "PUBLIC_URL is not set, and mail needs it: a link in a mail is never made of the Host"
            " header of a request, which its sender chooses"
        )
    ca = parse_mail_server(s.smtp_url).ca
    if ca is not None and not Path(ca).is_file():
        raise ValueError(f"SMTP_URL: there is no file {ca}, which its `ca` names")


def mail_config(s: MailSettings) -> MailConfig | None:
    """Return what mail is sent by; None while no server is set."""
    if not s.smtp_url:
        return None
    own = host_of(s.public_url) if s.public_url else "localhost"
    return MailConfig(parse_mail_server(s.smtp_url), parse_sender(s.mail_from), own)
