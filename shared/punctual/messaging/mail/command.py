"""`punctual mail test ADDRESS`: send a mail as the services do, or say what is wrong."""

import sys
from datetime import UTC, datetime

from punctual.domain.mail import is_deliverable
from punctual.messaging.mail.failures import MailFailed
from punctual.messaging.mail.letter import Letter, Link, compose
from punctual.messaging.mail.smtp import send
from punctual.ops import config
from punctual.ops.mail_settings import mail_config

READ = ("smtp_url", "mail_from", "public_url")


def main(address: str) -> int:
    """Return 0 when the server has taken the mail, 1 when not, 2 for a setting."""
    try:
        settings = config.load(needs=READ, only=READ)
        config.check_mailing(settings)
    except config.InvalidSetting as error:
        sys.stderr.write(f"mail: {error}\n")
        return 2
    if not is_deliverable(address):
        sys.stderr.write(f"mail: not sent: {address!r} is no address that mail can be sent to\n")
        return 1
    chosen = mail_config(settings)
    assert chosen is not None  # noqa: S101 - it needs SMTP_URL
    letter = Letter(
        "test",
        address,
        "Test mail of Punctual",
        ["An operator of Punctual has sent this to see whether mail arrives. It does."],
        Link("Open Punctual", settings.public_url),
    )
    try:
        message = compose(letter, chosen.sender, host=chosen.host, now=datetime.now(UTC))
        send(message, address, chosen)
    except MailFailed as error:
        sys.stderr.write(f"mail: not sent: {error}\n")
        return 1
    sys.stdout.write(f"{chosen.server.shown} has taken a mail to {address}\n")
    return 0
