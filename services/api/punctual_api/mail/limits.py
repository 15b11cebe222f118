"""How many letters go to one address, and on behalf of one user: no account is a way to flood."""

import hashlib
import uuid

from limits import RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute

from punctual_api.accounts.failed_logins import Counted, FailedLogins, place_of

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


class MailCount:
    """What one letter has counted, to be given back if it is never sent."""

    def __init__(self, counters: FailedLogins) -> None:
        self._counters = counters
        self._taken: list[Counted] = []

    def take_reset(self, user_id: uuid.UUID) -> bool:
        """Count a letter with a link; return whether it may be sent."""
        return self._take((RESETS_FOR_ONE_ACCOUNT, (str(user_id),)))

    def take_notice(self, user_id: uuid.UUID, address: str) -> bool:
        """Count a letter about a change; return whether it may be sent."""
        to = (NOTICES_TO_ONE_ADDRESS, (_digest(address),))
        return self._take((NOTICES_BY_ONE_USER, (str(user_id),)), to)

    def take_invitation(self, user_id: uuid.UUID, address: str) -> bool:
        """Count a letter with an invitation; return whether it may be sent."""
        to = (INVITATIONS_TO_ONE_ADDRESS, (_digest(address),))
        return self._take((INVITATIONS_BY_ONE_USER, (str(user_id),)), to)

    def give_back(self) -> None:
        """Count the letter no longer, as it was not sent; a second time does nothing."""
        taken, self._taken = self._taken, []
        if taken:
            self._counters.give_back(taken)

    def _take(self, *counted: Counted) -> bool:
        if self._counters.take(counted) is not None:
            return False
        self._taken += counted
        return True


def _digest(address: str) -> str:
    return hashlib.sha256(address.lower().encode("utf-8", "replace")).hexdigest()[:32]
