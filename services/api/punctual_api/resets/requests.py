"""Request a link to a new password: the answer is the same, and as fast, for every name.

Whether there is an account is looked up only afterwards, by the thread of the outbox.
"""

from datetime import datetime
from functools import partial
from secrets import SystemRandom

import structlog
from flask import Flask, current_app, request
from flask.globals import app_ctx

from punctual.domain.audit.actions import Action
from punctual.messaging.mail.letter import Letter
from punctual.store.accounts.audit import Actor, NewEvent, Subject, write_events
from punctual.store.accounts.logins import lock_user
from punctual.store.accounts.resets import RESET_LIFE, create_reset
from punctual.store.accounts.users import user_named, user_with_email
from punctual.store.schema.models import User
from punctual.store.tasks.changes import database_now
from punctual_api.accounts.failed_logins import failed_logins
from punctual_api.accounts.registration import require_passwords
from punctual_api.http.context import connection, session, settings
from punctual_api.http.database import own_transaction
from punctual_api.http.problems import Problem
from punctual_api.mail.limits import MailCount, wait_for_request
from punctual_api.mail.mailer import current_mailer, post_after_commit
from punctual_api.mail.texts import no_password_letter, reset_letter
from punctual_api.single_sign_on.current import current_provider

log = structlog.get_logger()
uniform = SystemRandom().uniform

NO_MAIL = (
    "This installation sends no mail. Ask an operator of it for a new password"
    " (`punctual user reset-password`)."
)
DELAY_SECONDS = (0.5, 3.0)
"""Between these, by chance: to write a letter at once would slow down this answer and the next one,
which would then show whether there is an account."""
TOO_MANY = "Too many requests for a new password; try again later."


def require_resets() -> None:
    """Raise Problem 403 where no link to a new password is mailed."""
    require_passwords()
    if current_mailer() is None:
        raise Problem(403, NO_MAIL)


def request_reset(name: str) -> None:
    """Have a link mailed to the account of this address or username, if there is one.

    Raises Problem: 403 where none is mailed, 429 for many requests from one address.
    """
    require_resets()
    ip = request.remote_addr or ""
    if wait := wait_for_request(failed_logins(), ip):
        raise Problem(429, TOO_MANY, headers={"Retry-After": str(wait)})
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    write = partial(_write, app, name.strip(), ip, app_ctx.g.request_id)
    post_after_commit("reset", write, delay_seconds=uniform(*DELAY_SECONDS))


def _write(app: Flask, name: str, ip: str, request_id: str, count: MailCount) -> Letter | None:
    """Return the letter to the user of that name, in a transaction of its own."""
    with own_transaction(app):
        user = user_with_email(session(), name) if "@" in name else user_named(session(), name)
        if user is None:
            return None
        # So that its address is the one that the account has when the link is made.
        user = lock_user(session(), user.id)
        if user.disabled_at is not None:
            log.info("reset mail withheld", user_id=str(user.id), reason="disabled")
            return None
        if not count.take_reset(user.id):
            log.info("reset mail withheld", user_id=str(user.id), reason="limit")
            return None
        letter = _letter_to(user, ip, database_now(session()))
        subject = Subject("user", user.id, user.username)
        event = NewEvent(Action.USER_REQUEST_RESET, Actor(), subject, account=user.id)
        write_events(connection(), [event], ip=ip or None, request_id=request_id)
    return letter


def _letter_to(user: User, ip: str, now: datetime) -> Letter:
    own_url = settings().public_url.rstrip("/")
    if user.password_hash is None:
        provider = current_provider()
        name = None if provider is None else provider.name
        return no_password_letter(user, own_url, name, ip, now)
    code = create_reset(session(), user.id)
    return reset_letter(user, own_url, code, ip, now, now + RESET_LIFE)
