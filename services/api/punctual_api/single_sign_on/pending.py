"""Logins that go on at the provider, in the cookie of the browser that started them."""

import time
from collections.abc import MutableMapping
from typing import Any, NamedTuple

PREFIX = "sign_on_"
SECONDS = 900
"""How long a user may take at the provider."""
MOST = 3
"""Logins of one browser that are open at once, as a cookie has little room."""
LONGEST_TARGET = 500

Cookie = MutableMapping[str, Any]


class Started(NamedTuple):
    """A login that goes on at the provider: where, and what proves later that it is the same."""

    url: str
    state: str
    nonce: str
    code_verifier: str


class Pending(NamedTuple):
    """A login that was started; `user` is who connects an identity with the own account."""

    redirect_uri: str
    nonce: str
    code_verifier: str
    until: float
    target: str | None = None
    user: str | None = None


def note(
    cookie: Cookie, started: Started, redirect_uri: str, *, target: str | None, user: str | None
) -> None:
    """Note a login that has been started; the oldest ones make room."""
    open_ones = sorted(
        (name for name in cookie if name.startswith(PREFIX)), key=lambda name: cookie[name][3]
    )
    for name in open_ones[: max(0, len(open_ones) - MOST + 1)]:
        cookie.pop(name)
    until = time.time() + SECONDS
    if target is not None and len(target) > LONGEST_TARGET:
        target = None
    pending = Pending(redirect_uri, started.nonce, started.code_verifier, until, target, user)
    cookie[PREFIX + started.state] = list(pending)


def take(cookie: Cookie, state: str) -> Pending | None:
    """Return the login of that state, which is good for one answer; None when there is none."""
    found = cookie.pop(PREFIX + state, None)
    pending = None if found is None else Pending(*found)
    return pending if pending is not None and time.time() < pending.until else None
