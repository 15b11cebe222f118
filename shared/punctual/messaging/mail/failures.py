"""Failures of sending: what went wrong at the server, and what an operator can do about it."""

import smtplib
import socket
import ssl

from punctual.domain.mail import MailServer

SHOWN = 200
"""Characters of a server's own answer that are shown."""

NO_STARTTLS = (
    "it offers no STARTTLS. Write smtps:// if it speaks TLS from the start, or ?starttls=never"
    " where the network in between is trusted"
)


class MailFailed(Exception):
    """A mail was not sent; the message says why, and what an operator can do.

    `is_temporary`: the same may succeed later. `is_of_recipient`: the server refused the address.
    """

    def __init__(
        self, reason: str, *, is_temporary: bool = False, is_of_recipient: bool = False
    ) -> None:
        super().__init__(reason)
        self.is_temporary = is_temporary
        self.is_of_recipient = is_of_recipient


class NoStarttls(smtplib.SMTPNotSupportedError):
    """The server offers no STARTTLS, which the settings need."""


def failure_of(error: Exception, server: MailServer) -> MailFailed:
    """Return what an error of smtplib, of a socket or of TLS means."""
    hidden = error.__context__
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(hidden, OSError):
        error = hidden  # smtplib says of each one that the connection was closed
    for kinds, read in _READERS:
        if isinstance(error, kinds):
            return read(error, server)
    return MailFailed(f"{server.shown}: {error}", is_temporary=True)


def _of_recipient(error: Exception, server: MailServer) -> MailFailed:
    assert isinstance(error, smtplib.SMTPRecipientsRefused)  # noqa: S101 - as the table below has it
    [(code, answer)] = error.recipients.values()
    return MailFailed(
        f"{server.shown} refuses the recipient: {_shown(code, answer)}",
        is_temporary=_is_temporary(code),
        is_of_recipient=not _is_temporary(code),
    )


def _of_sender(error: Exception, server: MailServer) -> MailFailed:
    assert isinstance(error, smtplib.SMTPSenderRefused)  # noqa: S101
    return MailFailed(
        f"{server.shown} refuses the sender: {_shown(error.smtp_code, error.smtp_error)}. Check"
        " PUNCTUAL_MAIL_FROM, and whether the server needs a user and a password in"
        " PUNCTUAL_SMTP_URL",
        is_temporary=_is_temporary(error.smtp_code),
    )


def _of_login(error: Exception, server: MailServer) -> MailFailed:
    assert isinstance(error, smtplib.SMTPAuthenticationError)  # noqa: S101
    # Not the server's own text: some repeat what they were sent.
    return MailFailed(
        f"{server.shown} refuses the user or the password in PUNCTUAL_SMTP_URL ({error.smtp_code})",
        is_temporary=_is_temporary(error.smtp_code),
    )


def _of_answer(error: Exception, server: MailServer) -> MailFailed:
    assert isinstance(error, smtplib.SMTPResponseException)  # noqa: S101
    return MailFailed(
        f"{server.shown} refuses: {_shown(error.smtp_code, error.smtp_error)}",
        is_temporary=_is_temporary(error.smtp_code),
    )


def _of_starttls(_error: Exception, server: MailServer) -> MailFailed:
    return MailFailed(f"{server.shown}: {NO_STARTTLS}")


def _of_feature(error: Exception, server: MailServer) -> MailFailed:
    if "AUTH" in str(error):
        return MailFailed(
            f"{server.shown} takes no logins: leave user and password out of PUNCTUAL_SMTP_URL, or"
            " check host and port"
        )
    return MailFailed(
        f"{server.shown} takes no addresses with letters beyond ASCII (SMTPUTF8)",
        is_of_recipient=True,
    )


def _of_end(_error: Exception, server: MailServer) -> MailFailed:
    return MailFailed(
        f"{server.shown} closed the connection. Check the port: smtp:// is for 587 or 25, smtps:// "
        "for 465",
        is_temporary=True,
    )


def _of_certificate(error: Exception, server: MailServer) -> MailFailed:
    assert isinstance(error, ssl.SSLCertVerificationError)  # noqa: S101
    why = error.verify_message.rstrip(".")
    return MailFailed(
        f"{server.shown}: its certificate is not trusted: {why}. Name the host as the certificate "
        "does; for an authority of your own, add ?ca=FILE to PUNCTUAL_SMTP_URL"
    )


def _of_tls(error: Exception, server: MailServer) -> MailFailed:
    assert isinstance(error, ssl.SSLError)  # noqa: S101
    return MailFailed(
        f"{server.shown}: TLS failed ({error.reason or error}). Check the port: smtps:// is for "
        "465, smtp:// for 587 or 25",
        is_temporary=True,
    )


def _of_name(_error: Exception, server: MailServer) -> MailFailed:
    return MailFailed(
        f"{server.shown}: the name {server.host} is not known here; check it, and name servers",
        is_temporary=True,
    )


def _of_time(_error: Exception, server: MailServer) -> MailFailed:
    return MailFailed(
        f"{server.shown} did not answer within {server.timeout_seconds:g} s. Check host, port and "
        "firewalls; a server that waits for TLS (465) needs smtps://",
        is_temporary=True,
    )


def _of_refusal(_error: Exception, server: MailServer) -> MailFailed:
    return MailFailed(
        f"{server.shown} refuses connections: check host and port, and whether the server runs",
        is_temporary=True,
    )


_READERS = (
    (smtplib.SMTPRecipientsRefused, _of_recipient),
    (smtplib.SMTPSenderRefused, _of_sender),
    (smtplib.SMTPAuthenticationError, _of_login),
    (smtplib.SMTPServerDisconnected, _of_end),
    (NoStarttls, _of_starttls),
    (smtplib.SMTPNotSupportedError, _of_feature),
    (smtplib.SMTPResponseException, _of_answer),
    (ssl.SSLCertVerificationError, _of_certificate),
    (ssl.SSLError, _of_tls),
    (socket.gaierror, _of_name),
    (TimeoutError, _of_time),
    (ConnectionRefusedError, _of_refusal),
    (ConnectionError, _of_end),
)


def _is_temporary(code: int) -> bool:
    return code < 500


def _shown(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    printable = "".join(char if char.isprintable() else " " for char in text)
    return f"{code} {printable}"[:SHOWN]
