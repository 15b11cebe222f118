"""Letters to users about changes of their own accounts, sent after the change is committed."""

from collections.abc import Callable

from flask import request

from punctual.messaging.mail.letter import Letter
from punctual.store.schema.models import User
from punctual_api.http.context import now, settings
from punctual_api.mail.limits import MailCount
from punctual_api.mail.mailer import current_mailer, post_after_commit
from punctual_api.mail.texts import address_changed_letter, password_changed_letter


def notify_of_password(user: User, how: str) -> None:
    """Let a user know that the password was changed."""
    _notify(user, user.email, lambda url, ip: password_changed_letter(user, url, how, ip, now()))


def notify_of_address(user: User, former: str) -> None:
    """Let the former address of a user know that the account has another one."""
    _notify(user, former, lambda url, ip: address_changed_letter(user, former, url, ip, now()))


def _notify(user: User, address: str, write: Callable[[str, str], Letter]) -> None:
    if current_mailer() is None:
        return
    # Written now: of the user nothing may be read once the transaction has ended.
    letter = write(settings().public_url.rstrip("/"), request.remote_addr or "an unknown address")
    user_id = user.id

    def counted(count: MailCount) -> Letter | None:
        return letter if count.take_notice(user_id, address) else None

    post_after_commit(letter.kind, counted)
