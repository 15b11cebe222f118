"""Request hooks: id, log line, metrics and security headers of every request."""

import re
import time
import uuid
from functools import cache

import structlog
from flask import Flask, Response, current_app, g
from flask.globals import app_ctx, request_ctx

from punctual.ops import telemetry
from punctual.ops.tracing import Tracing
from punctual.store.schema.models.model import new_id
from punctual_api.http.https import HSTS, is_https

log = structlog.get_logger()

SANE_ID = re.compile(r"[A-Za-z0-9._\-]{1,128}")

CAREFUL = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
HEADERS = [(name.lower(), name, value) for name, value in CAREFUL.items()]
API_HEADERS = [*HEADERS, ("cache-control", "Cache-Control", "no-store")]
SECRET_PATH = re.compile(r"^(/+(?:alert|invite|reset|hooks|badge|calendar)/+)[^/]{40,}.*")
"""The code of an invitation, of a link to a new password or in a message, of a hook, a badge or a
feed, with or without a slash at the end: no log may have it."""
NO_CONTENT, HTML = 204, "text/html"
PROBES = ("/healthz", "/readyz", "/metrics")

# Finding a label's counter takes a lock, so counters are cached.
_answered = cache(telemetry.HTTP_REQUESTS.labels)
_took = cache(telemetry.HTTP_SECONDS.labels)


def follow_requests(app: Flask) -> None:
    """Register this first: what is wrapped around everything else."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    incoming, own = request_ctx.request, app_ctx.g  # each look through a proxy costs
    sent = incoming.headers.get("X-Request-ID", "")
    own.request_id = sent if SANE_ID.fullmatch(sent) else new_id().hex
    own.began = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=own.request_id)
    if (tracing := _tracing()) and incoming.path not in PROBES:
        own.span = tracing.begin_request(incoming.method, incoming.headers.items())


def _end(response: Response) -> Response:
    incoming, own = request_ctx.request, app_ctx.g
    method, path, status = incoming.method, incoming.path, response.status_code
    seconds = time.monotonic() - own.began
    route = incoming.url_rule.rule if incoming.url_rule else "unknown"
    _answered(method, route, status).inc()
    _took(method, route).observe(seconds)
    write = log.debug if path in PROBES else log.info
    logged = SECRET_PATH.sub(r"\1<secret>/", path)
    write(
        "request answered", method=method, path=logged, status=status, ms=round(seconds * 1000, 1)
    )
    if (tracing := _tracing()) and "span" in own:
        tracing.end_request(own.span, method=method, route=route, status=status)
    headers = response.headers
    if status == NO_CONTENT or (response.mimetype == HTML and _is_empty(response)):
        headers.pop("Content-Type", None)  # Flask's own word for what has no body
    there = {name.lower() for name, _ in headers}
    headers["X-Request-ID"] = own.request_id
    for key, name, value in API_HEADERS if path.startswith("/api/") else HEADERS:
        if key not in there:
            headers.add(name, value)
    if is_https():
        headers.add(*HSTS)
    return response


def _is_empty(response: Response) -> bool:
    return response.is_sequence and not any(response.response)


def made_run(run_id: uuid.UUID) -> None:
    """Note that this request made a run: their traces are linked."""
    if (tracing := _tracing()) and "span" in g:
        tracing.link_run(g.span, run_id)


def _tracing() -> Tracing | None:
    found: Tracing | None = current_app.extensions.get("punctual_tracing")
    return found
