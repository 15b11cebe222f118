"""The limit of requests a minute: what a sender has left is in the headers of each answer."""

import uuid

from flask import Flask, Response, current_app
from flask.globals import app_ctx, request_ctx

from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual_api.http.problems import Problem
from punctual_api.limits.request_counts import WINDOW_SECONDS, RequestCounts, Standing
from punctual_api.limits.request_exchange import RequestExchange

POLICY = '"requests"'
"""The name of the policy, a string as RFC 9651 writes it."""

_EXTENSION = "punctual_request_limit"


class RequestLimit:
    """Counts the requests of each sender: a user, or a team, with all of its tokens."""

    def __init__(self, counts: RequestCounts, exchange: RequestExchange) -> None:
        self.counts = counts
        self.exchange = exchange


def limit_requests(app: Flask, settings: Settings) -> None:
    """Set up the limit, where there is one."""
    if not settings.max_requests_per_minute:
        return
    counts = RequestCounts(settings.max_requests_per_minute)
    app.extensions[_EXTENSION] = RequestLimit(counts, RequestExchange(counts, settings))
    app.after_request(_show_standing)


def request_limit() -> RequestLimit | None:
    """Return this app's limit, if it has one."""
    found: RequestLimit | None = current_app.extensions.get(_EXTENSION)
    return found


def count_request(sender: uuid.UUID, who: str = "You have sent") -> None:
    """Count this request for its sender, a user or a link; raises Problem 429 past the limit."""
    limit = request_limit()
    if limit is None:
        return
    found = limit.counts.take(sender)
    app_ctx.g.request_standing = found
    if found.allowed:
        limit.exchange.wake()
        return
    telemetry.LIMIT_REFUSALS.labels("requests").inc()
    raise Problem(
        429,
        f"{who} {limit.counts.most} requests within a minute, which is the most."
        f" Wait {found.seconds} s, or ask an operator to raise PUNCTUAL_MAX_REQUESTS_PER_MINUTE.",
        headers={"Retry-After": str(found.seconds)},
    )


def _show_standing(response: Response) -> Response:
    """Add the headers of draft-ietf-httpapi-ratelimit-headers-11 to an answer of the API."""
    standing: Standing | None = app_ctx.g.get("request_standing")
    if standing is not None and request_ctx.request.path.startswith("/api/"):
        most = current_app.extensions[_EXTENSION].counts.most
        response.headers["RateLimit-Policy"] = f"{POLICY};q={most};w={WINDOW_SECONDS}"
        response.headers["RateLimit"] = f"{POLICY};r={standing.left};t={standing.seconds}"
    return response
