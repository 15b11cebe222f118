"""The letters: short, of what happened, and what to do if it was not the reader."""

from datetime import datetime

from punctual.messaging.mail.letter import Letter, Link
from punctual.store.schema.models import Invite, User

NOT_YOU = (
    "If this was not you, ignore this mail: nothing has changed, and your password stays as it is."
)
TO_ADMIN = "If this was not you, ask an admin of this installation at once."
DONE_BY_YOU = "If you did this yourself, there is nothing to do."
LOGIN_ELSEWHERE = (
    "This account has no password: you log in {by}. An operator of this installation can give you"
    " one."
)
CHANGED = (
    "The password of your account {name} at {own_url} was changed {how}, from {ip} on {at}. Other"
    " sessions and all your access tokens have ended."
)
ADDRESS_CHANGED = (
    "The account {name} at {own_url} has another e-mail address now. It was changed from {ip}"
    " on {at}. Mails of this account no longer come here."
)
GOOD_FOR = "It is good for one use, by an account with the address {to}, until {until}."


def reset_letter(
    user: User, own_url: str, code: str, ip: str, now: datetime, until: datetime
) -> Letter:
    """Return the letter with a link to a new password."""
    return Letter(
        "reset",
        user.email,
        "Choose a new password",
        [_requested(user, own_url, ip, now)],
        Link("Choose a new password", f"{own_url}/reset/{code}/"),
        [f"The link is good for one use, until {moment(until)}.", NOT_YOU],
    )


def no_password_letter(
    user: User, own_url: str, provider: str | None, ip: str, now: datetime
) -> Letter:
    """Return the letter to a user who logs in without a password."""
    by = f"by {provider}" if provider else "at your provider"
    return Letter(
        "no password",
        user.email,
        "You log in without a password",
        [_requested(user, own_url, ip, now), LOGIN_ELSEWHERE.format(by=by)],
        Link("Log in", f"{own_url}/login/"),
        ["If this was not you, ignore this mail: nothing has changed."],
    )


def password_changed_letter(user: User, own_url: str, how: str, ip: str, now: datetime) -> Letter:
    """Return the letter to a user whose password was changed."""
    changed = CHANGED.format(name=user.username, own_url=own_url, how=how, ip=ip, at=moment(now))
    return Letter(
        "password changed",
        user.email,
        "Your password was changed",
        [changed],
        Link("If this was not you, choose a new password", f"{own_url}/forgot/"),
        [DONE_BY_YOU],
    )


def address_changed_letter(user: User, former: str, own_url: str, ip: str, now: datetime) -> Letter:
    """Return the letter to the former address of a user, which does not name the new one."""
    changed = ADDRESS_CHANGED.format(name=user.username, own_url=own_url, ip=ip, at=moment(now))
    return Letter(
        "address changed",
        former,
        "Your e-mail address was changed",
        [changed, TO_ADMIN],
        None,
        [DONE_BY_YOU],
    )


def invitation_letter(
    invite: Invite, to: str, url: str, inviter: str, team: str | None, own_url: str
) -> Letter:
    """Return the letter with an invitation.

    Names that users choose freely, such as that of a team, are not in it: only what has no spaces.
    """
    what = f"to the team {team} as {invite.role}" if team else "to open an account"
    return Letter(
        "invitation",
        to,
        "Invitation to Punctual",
        [f"{inviter} invites you {what} at {own_url}, where scheduled commands are run."],
        Link("Open the invitation", url),
        [
            GOOD_FOR.format(to=to, until=moment(invite.expires_at)),
            f"If you do not know {inviter}, ignore this mail.",
        ],
    )


def moment(at: datetime) -> str:
    """Return a time as a reader in any zone takes it."""
    return f"{at.day} {at:%B %Y} at {at:%H:%M} UTC"


def _requested(user: User, own_url: str, ip: str, now: datetime) -> str:
    what = f"A new password was requested for your account {user.username} at {own_url}"
    return f"{what}, from {ip} on {moment(now)}."
