"""The mailer of this app: sends a letter while a request waits, or after its transaction."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import structlog
from flask import Flask, current_app
from flask.globals import app_ctx

from punctual.messaging.mail.failures import MailFailed
from punctual.messaging.mail.letter import Letter, compose
from punctual.messaging.mail.smtp import send
from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual.ops.mail_settings import MailConfig, mail_config
from punctual_api.accounts.failed_logins import failed_logins
from punctual_api.http.bounded_calls import BoundedCalls, TooManyCalls
from punctual_api.mail.limits import MailCount
from punctual_api.mail.outbox import Job, Outbox

log = structlog.get_logger()

AT_ONCE = 3
"""Letters that requests wait for at once: fewer than a process has threads for requests."""
ANSWER_SECONDS = 10.0
"""How long a request waits for a letter to be taken."""
BACKGROUND_SECONDS = 60.0

_EXTENSION = "punctual_mailer"


class Mailer:
    """Composes letters and hands them to the SMTP server."""

    def __init__(self, config: MailConfig) -> None:
        self._config = config
        self._waited_for = BoundedCalls(at_once=AT_ONCE, seconds=ANSWER_SECONDS)
        self._in_background = BoundedCalls(at_once=AT_ONCE, seconds=BACKGROUND_SECONDS)
        self.outbox = Outbox(lambda letter: self._in_background.run(lambda: self._send(letter)))

    def send_now(self, letter: Letter, count: MailCount) -> None:
        """Send a letter while a request waits, with no transaction open; raises MailFailed.

        What it counts is given back where it is not sent, unless the server refuses the address.
        """
        try:
            self._waited_for.run(lambda: self._send_counted(letter, count))
        except TooManyCalls as error:
            count.give_back()
            raise self._failed(letter, "too many at once", error) from None
        except TimeoutError as error:
            raise self._failed(letter, str(error), error) from None
        except MailFailed as error:
            raise self._failed(letter, str(error), error) from None
        except Exception as error:  # what the request did is committed: this fails the mail alone
            raise self._failed(letter, repr(error), error) from error
        telemetry.MAILS.labels(letter.kind, "sent").inc()
        log.info("mail sent", kind=letter.kind)

    def _send_counted(self, letter: Letter, count: MailCount) -> None:
        # Here, as it goes on when the request waits no longer.
        try:
            self._send(letter)
        except Exception as error:
            if not getattr(error, "is_of_recipient", False):
                count.give_back()
            raise

    def _send(self, letter: Letter) -> None:
        now = datetime.now(UTC)
        try:
            message = compose(letter, self._config.sender, host=self._config.host, now=now)
        except ValueError as error:
            raise MailFailed(f"no mail can be made of this: {error}") from None
        send(message, letter.to, self._config)

    @staticmethod
    def _failed(letter: Letter, reason: str, error: Exception) -> MailFailed:
        telemetry.MAILS.labels(letter.kind, "failed").inc()
        log.error("mail not sent", kind=letter.kind, reason=reason)
        return error if isinstance(error, MailFailed) else MailFailed(reason, is_temporary=True)


def know_mail(app: Flask, settings: Settings) -> None:
    """Let `current_mailer` answer the one of the settings; nothing is sent to it yet."""
    config = mail_config(settings)
    app.extensions[_EXTENSION] = None if config is None else Mailer(config)


def current_mailer() -> Mailer | None:
    """Return this app's mailer; None where no mail is sent."""
    found: Mailer | None = current_app.extensions[_EXTENSION]
    return found


def post_after_commit(
    kind: str,
    write: Callable[[MailCount], Letter | None],
    *,
    delay_seconds: float = 0.0,
) -> None:
    """Have a letter written and sent once what this request did is committed.

    `write` counts it, so that what is not committed does not count.
    """
    count = MailCount(failed_logins())
    jobs: list[Job] = app_ctx.g.setdefault("mails", [])
    request_id = app_ctx.g.get("request_id", "")
    jobs.append(Job(kind, partial(write, count), request_id, delay_seconds, count=count))


def post_mails() -> None:
    """Hand over the letters of a request whose transaction is committed."""
    mailer = current_mailer()
    for job in app_ctx.g.pop("mails", ()):
        if mailer is not None:
            mailer.outbox.put(job)
