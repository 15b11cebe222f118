"""Failed logins: count them for each account and address, and refuse further ones."""

import hashlib
import time
import uuid
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address
from typing import TypeVar

import redis
import structlog
from flask import Flask, current_app
from limits import (
    RateLimitItem,
    RateLimitItemPerDay,
    RateLimitItemPerHour,
    RateLimitItemPerMinute,
)
from limits.storage import MemoryStorage, RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

from punctual.domain.username import canonical_username
from punctual.messaging.socket_limits import with_socket_limits
from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual_api.accounts.moving_window import MovingWindow

log = structlog.get_logger()

FROM_ONE_ADDRESS = (RateLimitItemPerMinute(100, 15, "address"),)
FOR_ONE_ACCOUNT_FROM_ONE_ADDRESS = (RateLimitItemPerMinute(10, 15, "account-address"),)
FOR_ONE_ACCOUNT = (
    RateLimitItemPerMinute(30, 15, "account"),
    RateLimitItemPerDay(100, 1, "account"),
)
"""From whatever address; those that the account has logged in from lately are left out, so that
strangers who guess do not lock the user out."""
UNKNOWN_RECORDED = RateLimitItemPerHour(1000, 1, "unknown-recorded")
"""Failed logins with unknown names that a process records: more would only fill the disk."""
REFUSED_RECORDED = RateLimitItemPerHour(20, 1, "refused-recorded")
"""Logins by the provider that are refused for an account, of which a process records as many."""
KNOWN_ADDRESS = RateLimitItemPerDay(1, 30, "known")
"""Taken by a login that succeeds, so it is used up while the address is known."""
IPV6_PREFIX = 64  # what one customer gets
ANSWER_SECONDS = 0.5
"""How long a login waits for Redis, whatever limits its URL names."""
AWAY_SECONDS = 5.0
"""After a timeout, Redis is not used for this long."""

Counted = tuple[RateLimitItem, tuple[str, ...]]
Answer = TypeVar("Answer")

_EXTENSION = "punctual_failed_logins"


def count_failed_logins(app: Flask, settings: Settings) -> None:
    """Let failed_logins answer this app's counters."""
    app.extensions[_EXTENSION] = FailedLogins(settings)


def failed_logins() -> "FailedLogins":
    """Return the counters of this app."""
    found: FailedLogins = current_app.extensions[_EXTENSION]
    return found


class FailedLogins:
    """Counters in Redis, over all processes of the API.

    While Redis does not answer, each process counts in its own memory: as strict, but for as many
    guesses as there are processes; the alternative would be to refuse all logins.
    """

    def __init__(self, settings: Settings) -> None:
        shared = RedisStorage(
            with_socket_limits(settings.redis_url, seconds=ANSWER_SECONDS),
            # Apart from the queue's keys, which Redis users of the API cannot reach.
            key_prefix=f"{settings.namespace}-logins",
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # handed on to the client
        )
        self._client = shared.storage
        self._shared = MovingWindow(shared)
        self._own = MovingWindow(MemoryStorage())
        self._away_until = 0.0
        self._away = False

    def close(self) -> None:
        """Close the connections to Redis; the next question opens one."""
        self._client.close()

    def seconds_to_wait(self, username: str, address: str) -> int | None:
        """Return how long no password is looked at for this name from there; None if one is."""

        def query(limiter: MovingWindow) -> int | None:
            for item, keys in _counted(username, address, limiter):
                if not limiter.test(item, *keys):
                    return _wait(limiter, item, keys)
            return None

        return self._with(query)

    def count_failure(self, username: str, address: str) -> None:
        """Note that this password was wrong, or the name unknown."""

        def count(limiter: MovingWindow) -> None:
            for item, keys in _counted(username, address, limiter):
                limiter.hit(item, *keys)

        self._with(count)

    def note_success(self, username: str, address: str) -> None:
        """Note that the account is used from there."""
        self._with(lambda limiter: limiter.hit(KNOWN_ADDRESS, *_both(username, address)))

    def take(self, counted: Sequence[Counted]) -> int | None:
        """Count one more of each of these, or none once one of them is used up.

        Return how long to wait in that case.
        """

        def count(limiter: MovingWindow) -> int | None:
            for place, (item, keys) in enumerate(counted):
                if not limiter.hit(item, *keys):
                    for taken, of_taken in counted[:place]:
                        limiter.give_back(taken, *of_taken)
                    return _wait(limiter, item, keys)
            return None

        return self._with(count)

    def give_back(self, counted: Sequence[Counted]) -> None:
        """Count one less of each of these, for what was taken and came to nothing."""

        def uncount(limiter: MovingWindow) -> None:
            for item, keys in counted:
                limiter.give_back(item, *keys)

        self._with(uncount)

    def forget_failures(self, username: str, address: str) -> None:
        """Let the user try again from there at once, after another proof of who it is."""
        both = _both(username, address)
        for item in FOR_ONE_ACCOUNT_FROM_ONE_ADDRESS:
            self._with(lambda limiter, item=item: limiter.clear(item, *both))  # type: ignore[misc]

    def may_record_unknown(self) -> bool:
        """Return whether one more failed login with an unknown name is to be recorded."""
        return self._own.hit(UNKNOWN_RECORDED)

    def may_record_refused(self, user_id: uuid.UUID) -> bool:
        """Return whether one more login by the provider that is refused is to be recorded."""
        return self._own.hit(REFUSED_RECORDED, str(user_id))

    def _with(self, query: Callable[[MovingWindow], Answer]) -> Answer:
        if time.monotonic() >= self._away_until:
            try:
                answer = query(self._shared)
            except redis.RedisError as error:
                telemetry.REDIS_ERRORS.inc()
                self._away_until = time.monotonic() + AWAY_SECONDS
                first, self._away = not self._away, True
                if first:
                    log.warning("failed logins counted in memory", error=str(error))
            else:
                came_back, self._away = self._away, False
                if came_back:
                    log.info("failed logins counted in Redis again")
                return answer
        return query(self._own)


def _counted(username: str, address: str, limiter: MovingWindow) -> list[Counted]:
    """Return the counters of an attempt; a name that no user can have is only its address's."""
    counted: list[Counted] = [(item, (place_of(address),)) for item in FROM_ONE_ADDRESS]
    if canonical_username(username) is None:
        return counted
    both = _both(username, address)
    counted += [(item, both) for item in FOR_ONE_ACCOUNT_FROM_ONE_ADDRESS]
    if limiter.test(KNOWN_ADDRESS, *both):
        counted += [(item, both[:1]) for item in FOR_ONE_ACCOUNT]
    return counted


def _wait(limiter: MovingWindow, item: RateLimitItem, keys: tuple[str, ...]) -> int:
    reset = limiter.get_window_stats(item, *keys).reset_time
    return max(1, int(reset - time.time()) + 1)


def _both(username: str, address: str) -> tuple[str, str]:
    digest = hashlib.sha256((canonical_username(username) or "").encode()).hexdigest()
    return digest[:32], place_of(address)


def place_of(address: str) -> str:
    """Return what is counted as one address: of IPv6 the network that one customer has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> (128 - IPV6_PREFIX) << (128 - IPV6_PREFIX)))
    return str(parsed)
