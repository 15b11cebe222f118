"""Mail of alerts: one to each address, the same text as in chats and once more as HTML."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from punctual.domain.alerts.message import Message
from punctual.messaging.mail.failures import MailFailed
from punctual.messaging.mail.smtp import send
from punctual.ops.mail_settings import MailConfig
from punctual.store.alerts.sending import Outcome

NO_SERVER = "no mail is sent here: an operator sets PUNCTUAL_SMTP_URL for the notifier"
SMTP_OK = 250


def send_mail(
    message: Message,
    recipients: Sequence[str],
    config: MailConfig | None,
    *,
    delivery_id: uuid.UUID,
    now: datetime,
) -> Outcome:
    """Send a message to each address; one that the server refuses for good does not stop others.

    Another attempt has the same Message-ID, by which mail programs show one that came twice once.
    """
    if config is None:
        return Outcome(False, NO_SERVER)
    if not recipients:
        return Outcome(False, "there is no address to send it to")
    refused: list[str] = []
    for place, recipient in enumerate(recipients):
        mail = _composed(message, recipient, config, f"{delivery_id.hex}.{place}", now=now)
        try:
            send(mail, recipient, config)
        except MailFailed as failure:
            if not failure.is_of_recipient:
                return Outcome(False, str(failure))
            refused.append(f"{recipient}: {failure}")
    taken = len(recipients) - len(refused)
    if not taken:
        return Outcome(False, "; ".join(refused))
    detail = f"{config.server.shown} has taken it for {taken} of {len(recipients)} addresses"
    return Outcome(True, "; ".join([detail, *refused]), SMTP_OK)


def _composed(
    message: Message, recipient: str, config: MailConfig, name: str, *, now: datetime
) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    sender = config.sender
    mail["From"] = _mailbox(sender.address, sender.name)
    mail["To"] = _mailbox(recipient)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{name}@{config.host.strip('[]')}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text, cte=_encoding(message.text))
    mail.add_alternative(message.html, subtype="html", cte=_encoding(message.html))
    return mail


def _mailbox(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _encoding(text: str) -> str:
    return (
        "7bit"
        if text.isascii() and len(max(text.split("\n"), key=len)) < 990
        else "quoted-printable"
    )
