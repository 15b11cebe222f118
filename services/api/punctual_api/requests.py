"""Every request gets an id, a log line, its metrics, and headers that keep browsers careful."""

import re
import time
import uuid

import structlog
from flask import Flask, Response, current_app, g, request

from punctual import telemetry
from punctual.tracing import Tracing

log = structlog.get_logger()

SANE_ID = re.compile(r"[A-Za-z0-9._\-]{1,128}")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
QUIET = ("/healthz", "/readyz", "/metrics")


def follow_requests(app: Flask) -> None:
    """Register this first: what is wrapped around everything else."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    sent = request.headers.get("X-Request-ID", "")
    g.request_id = sent if SANE_ID.fullmatch(sent) else uuid.uuid4().hex
    g.began = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    if (tracing := _tracing()) and request.path not in QUIET:
        g.span = tracing.begin_request(request.method, request.headers.items())


def _end(response: Response) -> Response:
    seconds = time.monotonic() - g.began
    route = request.url_rule.rule if request.url_rule else "unknown"
    telemetry.HTTP_REQUESTS.labels(request.method, route, response.status_code).inc()
    telemetry.HTTP_SECONDS.labels(request.method, route).observe(seconds)
    tell = log.debug if request.path in QUIET else log.info
    tell(
        "request answered",
        method=request.method,
        path=request.path,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
    )
    if (tracing := _tracing()) and "span" in g:
        tracing.end_request(g.span, method=request.method, route=route, status=response.status_code)
    response.headers["X-Request-ID"] = g.request_id
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def made_run(run_id: uuid.UUID) -> None:
    """Note that this request made a run: their traces are linked."""
    if (tracing := _tracing()) and "span" in g:
        tracing.link_run(g.span, run_id)


def _tracing() -> Tracing | None:
    found: Tracing | None = current_app.extensions.get("punctual_tracing")
    return found
