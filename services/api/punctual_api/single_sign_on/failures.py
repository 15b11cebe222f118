"""Failures of a login at the provider: what users read, and what the log says."""

from collections.abc import Mapping
from typing import Any

import structlog

from punctual_api.http.problems import Problem

log = structlog.get_logger()

RETRY_AFTER_SECONDS = 10
AGAIN = "Start again from the login page."
FOR_OPERATORS = "An operator of this installation finds the reason in the log of the API."

BEGUN_ELSEWHERE = (
    "This login was started in another browser or too long ago, or it has been finished already. "
    f"{AGAIN}"
)
CODE_REFUSED = f"This login took too long, or it has been finished already. {AGAIN}"


class SignOnFailed(Problem):
    """A login at the provider that did not succeed; `detail` says what to do, without secrets."""


def failed(status: int, detail: str, *, reason: str, **fields: Any) -> SignOnFailed:
    """Return the failure, and log it with what an operator needs."""
    log.warning("single sign-on failed", reason=reason, **fields)
    return SignOnFailed(status, detail[:1].upper() + detail[1:], headers=_headers(status))


def unreachable(name: str, error: Exception) -> SignOnFailed:
    """The provider does not answer, or too slowly."""
    detail = f"{name} does not answer. Try again in a minute."
    return failed(503, detail, reason="unreachable", error=_words(error))


def busy(name: str) -> SignOnFailed:
    """As many logins as may keep threads from other requests wait for the provider already."""
    detail = f"Too many logins are waiting for {name}. Try again in a minute."
    return failed(503, detail, reason="busy")


def misconfigured(name: str, error: Exception | str) -> SignOnFailed:
    """What the provider answers does not fit the settings."""
    detail = f"The login by {name} is not set up correctly. {FOR_OPERATORS}"
    return failed(502, detail, reason="misconfigured", error=_words(error))


def unverified(name: str, error: Exception | str) -> SignOnFailed:
    """The answer may be forged, or is not for this installation."""
    detail = (
        f"The answer of {name} could not be verified, so you are not logged in. {FOR_OPERATORS}"
    )
    return failed(502, detail, reason="unverified", error=_words(error))


def wrong_clock(name: str, error: Exception) -> SignOnFailed:
    """The answer is from the future, or long past."""
    detail = (
        f"By the clock of this server, the answer of {name} has expired or is not valid yet, so "
        "you are not logged in. An operator of this installation compares the two clocks."
    )
    return failed(502, detail, reason="clock", error=_words(error))


def refused_there(name: str, error: str) -> SignOnFailed:
    """The provider reports that it did not log the user in."""
    if error == "access_denied":
        detail = f"{name} did not log you in, or you have cancelled it there. {AGAIN}"
        return failed(403, detail, reason="denied")
    detail = f"{name} reports a fault instead of logging you in. {AGAIN} {FOR_OPERATORS}"
    return failed(502, detail, reason="refused", error=error[:100])


def _headers(status: int) -> Mapping[str, str]:
    return {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {}


def _words(error: Exception | str) -> str:
    """Return an error for the log: of a library its kind, as its text may quote a token."""
    if isinstance(error, str):
        return error
    kind = type(error).__name__
    code = getattr(error, "error", None)
    claim = getattr(error, "claim", None)
    return " ".join(str(part)[:100] for part in (kind, code, claim) if part)
