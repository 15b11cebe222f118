"""How many letters go to one address, and on behalf of one user: no account is a way to flood."""

import hashlib
import uuid

from limits import RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute

from punctual_api.accounts.failed_logins import FailedLogins, place_of

RESETS_FROM_ONE_PLACE = RateLimitItemPerMinute(20, 15, "reset-place")
RESETS_FOR_ONE_ACCOUNT = RateLimitItemPerHour(3, 1, "reset-account")
"""As a link is good for an hour, the newest one that was mailed works while no other is sent."""
NOTICES_TO_ONE_ADDRESS = RateLimitItemPerHour(10, 1, "notice-to")
NOTICES_BY_ONE_USER = RateLimitItemPerHour(10, 1, "notice-by")
INVITATIONS_TO_ONE_ADDRESS = RateLimitItemPerDay(3, 1, "invitation-to")
INVITATIONS_BY_ONE_USER = RateLimitItemPerDay(100, 1, "invitation-by")


def wait_for_request(counters: FailedLogins, place: str) -> int | None:
    """Count a request for a link; return how long one from there is refused, or None."""
    return counters.take([(RESETS_FROM_ONE_PLACE, (place_of(place),))])


def may_mail_reset(counters: FailedLogins, user_id: uuid.UUID) -> bool:
    """Count a letter with a link; return whether it may be sent."""
    return counters.take([(RESETS_FOR_ONE_ACCOUNT, (str(user_id),))]) is None


def may_mail_notice(counters: FailedLogins, user_id: uuid.UUID, address: str) -> bool:
    """Count a letter about a change; return whether it may be sent."""
    to = (NOTICES_TO_ONE_ADDRESS, (_digest(address),))
    return counters.take([(NOTICES_BY_ONE_USER, (str(user_id),)), to]) is None


def may_mail_invitation(counters: FailedLogins, user_id: uuid.UUID, address: str) -> bool:
    """Count a letter with an invitation; return whether it may be sent."""
    to = (INVITATIONS_TO_ONE_ADDRESS, (_digest(address),))
    return counters.take([(INVITATIONS_BY_ONE_USER, (str(user_id),)), to]) is None


def _digest(address: str) -> str:
    return hashlib.sha256(address.lower().encode("utf-8", "replace")).hexdigest()[:32]
