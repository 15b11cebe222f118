"""The SMTP server: whether it answers, encrypts and logs in as the settings have it."""

from punctual.doctor.finding import Finding, error, ok, warning
from punctual.domain.mail import is_loopback
from punctual.messaging.mail.failures import MailFailed
from punctual.messaging.mail.smtp import check
from punctual.ops.config import InvalidSetting, Settings, check_mailing
from punctual.ops.mail_settings import mail_config


def mail_findings(settings: Settings) -> list[Finding]:
    """Return a finding on the mail server, where one is set; no mail is sent."""
    chosen = mail_config(settings) if settings.mail_from else None
    if chosen is None and not settings.smtp_url:
        return []
    try:
        check_mailing(settings)
    except InvalidSetting as failure:
        return [error("mail", str(failure))]
    assert chosen is not None  # noqa: S101 - for mypy: it is complete
    try:
        check(chosen)
    except MailFailed as failure:
        return [error("mail", str(failure))]
    server = chosen.server
    if server.tls == "never" and server.username and not is_loopback(server.host):
        return [warning("mail", f"{server.shown} answers, and gets the password unencrypted")]
    return [ok("mail", f"{server.shown} answers, {_as(server.tls, server.username)}")]


def _as(tls: str, username: str) -> str:
    encrypted = "unencrypted" if tls == "never" else "by TLS"
    return f"{encrypted}, as {username}" if username else f"{encrypted}, without a login"
