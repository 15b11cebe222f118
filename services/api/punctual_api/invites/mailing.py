"""Mail an invitation to the address that it is for, and say whether the server has taken it."""

from typing import NamedTuple

from flask_login import current_user

from punctual.domain.mail import is_deliverable
from punctual.messaging.mail.failures import MailFailed
from punctual.store.schema.models import Invite
from punctual_api.accounts.failed_logins import failed_logins
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import settings, team_slug, user_id
from punctual_api.http.database import commit_ahead
from punctual_api.mail.limits import MailCount
from punctual_api.mail.mailer import current_mailer
from punctual_api.mail.texts import invitation_letter

UNDELIVERABLE = "No mail can be sent to an address of this form."
TOO_MANY = "Too many invitations were mailed to this address, or by you, within a day."
REFUSED = "The mail server refuses this address."
FAILED = "The mail server did not take it. An operator finds the reason in the log."


class Mailed(NamedTuple):
    """Whether an invitation was mailed; if not, why."""

    sent: bool
    detail: str | None = None


def mail_invitation(invite: Invite, url: str) -> Mailed | None:
    """Return what came of the mail; None when there is no address, or no mail is sent here.

    What the request did so far is committed before, so that no link leads to what is not there.
    """
    mailer, address = current_mailer(), invite.email
    if mailer is None or address is None:
        return None
    if not is_deliverable(address):
        return Mailed(False, UNDELIVERABLE)
    team = None if invite.team_id is None else team_slug(invite.team_id)
    by = user_id()
    own_url = settings().public_url.rstrip("/")
    letter = invitation_letter(invite, address, url, current_user.username, team, own_url)
    commit_ahead()
    changed_nothing()  # that is not recorded yet
    count = MailCount(failed_logins())
    if not count.take_invitation(by, address):
        return Mailed(False, TOO_MANY)
    try:
        mailer.send_now(letter, count)
    except MailFailed as failure:
        return Mailed(False, REFUSED if failure.is_of_recipient else FAILED)
    return Mailed(True)
