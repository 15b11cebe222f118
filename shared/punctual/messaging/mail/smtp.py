"""SMTP: send a message, or only see that the server would take one."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from ipaddress import ip_address

from punctual.domain.mail import MailServer, is_deliverable
from punctual.messaging.mail.failures import MailFailed, NoStarttls, failure_of
from punctual.ops.mail_settings import MailConfig


def send(message: EmailMessage, recipient: str, config: MailConfig) -> None:
    """Send a message to one address; raises MailFailed."""
    if not is_deliverable(recipient):
        raise MailFailed("mail cannot be sent to an address of this form", is_of_recipient=True)
    with _errors(config.server), _session(config.server, config.host) as smtp:
        smtp.send_message(message, config.sender.address, [recipient])


def check(config: MailConfig) -> None:
    """See that the server answers, encrypts and logs in as the settings have it.

    Raises MailFailed.
    """
    with _errors(config.server), _session(config.server, config.host) as smtp:
        smtp.noop()


@contextmanager
def _errors(server: MailServer) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # smtplib's own are OSErrors
        raise failure_of(error, server) from error


@contextmanager
def _session(server: MailServer, own_name: str) -> Iterator[smtplib.SMTP]:
    """Open a session, encrypted and logged in; each step takes the server's timeout at most."""
    smtp = _connected(server, own_name)
    try:
        if server.tls == "starttls":
            smtp.ehlo_or_helo_if_needed()
            if not smtp.has_extn("starttls"):
                raise NoStarttls
            smtp.starttls(context=_context(server))
        if server.username:
            smtp.login(server.username, server.password)
        yield smtp
        with suppress(OSError):  # what was sent is sent
            smtp.quit()
    finally:
        smtp.close()


def _connected(server: MailServer, own_name: str) -> smtplib.SMTP:
    # Without a name of its own smtplib would look for one in the DNS.
    place = (server.host, server.port, _greeting(own_name))
    seconds = server.timeout_seconds
    if server.tls == "from the start":
        return smtplib.SMTP_SSL(*place, timeout=seconds, context=_context(server))
    return smtplib.SMTP(*place, timeout=seconds)


def _context(server: MailServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca)


def _greeting(host: str) -> str:
    """Return a host as EHLO names it, where an address stands in brackets."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
