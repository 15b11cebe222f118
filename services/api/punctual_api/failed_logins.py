"""Guessing passwords gets slow: failed logins are counted, successful ones are not."""

import hashlib
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from redis.backoff import NoBackoff
from redis.retry import Retry

from punctual.config import Settings
from punctual_api.errors import Problem, answer_problem

FOR_ONE_NAME = "10 per 15 minutes"
FROM_ONE_ADDRESS = "100 per 15 minutes"

LOGINS = ("accounts", "pages")
"""The blueprints with views that are limited."""

# With Redis down each process counts in its own memory: weaker for a while, but nobody waits.
limiter = Limiter(
    get_remote_address,
    strategy="moving-window",
    in_memory_fallback_enabled=True,
    swallow_errors=True,
    default_limits=[],
)


def count_failed_logins(app: Flask, settings: Settings) -> None:
    """Count in Redis, over all processes of the API."""
    app.config["RATELIMIT_STORAGE_URI"] = settings.redis_url
    app.config["RATELIMIT_KEY_PREFIX"] = settings.namespace
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {
        "socket_connect_timeout": 0.5,
        "socket_timeout": 0.5,
        "retry": Retry(NoBackoff(), 0),
    }
    limiter.init_app(app)
    _only_where_people_log_in(app)
    app.register_error_handler(RateLimitExceeded, _too_many)


def _only_where_people_log_in(app: Flask) -> None:
    # It hooks itself into every request of the app, which all the others would pay for.
    kinds: list[Any] = [
        app.before_request_funcs,
        app.after_request_funcs,
        app.teardown_request_funcs,
    ]
    for hooks in kinds:
        own = [hook for hook in hooks[None] if _is_of_limiter(hook)]
        hooks[None] = [hook for hook in hooks[None] if hook not in own]
        for blueprint in LOGINS:
            hooks[blueprint][:0] = own


def _is_of_limiter(hook: Any) -> bool:
    # The one after a request is a partial of an unbound method.
    return limiter in (getattr(hook, "__self__", None), *getattr(hook, "args", ()))


def limit_failed_logins(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a login with 429 after too many that failed for its name, or from its address.

    The view's POST takes `username` in JSON or in a form; an answer of 401 is a failure.
    """
    for scope, limit, key in (
        ("login-address", FROM_ONE_ADDRESS, get_remote_address),
        ("login-name", FOR_ONE_NAME, _name_and_address),
    ):
        limited = limiter.shared_limit(
            limit, scope=scope, key_func=key, methods=["POST"], deduct_when=_failed
        )
        view = limited(view)
    return view


def _failed(response: Response) -> bool:
    return response.status_code == 401


def _name_and_address() -> str:
    sent = request.get_json(silent=True) if request.is_json else request.form
    name = sent.get("username") if isinstance(sent, dict) else None
    digest = hashlib.sha256(str(name).lower().encode("utf-8", "replace")).hexdigest()
    return f"{digest[:32]}@{get_remote_address()}"


def _too_many(_error: RateLimitExceeded) -> Response:
    limit = limiter.current_limit
    wait = 60 if limit is None else max(1, int(limit.reset_at - time.time()) + 1)
    problem = Problem(
        429, "Too many failed logins; try again later.", headers={"Retry-After": str(wait)}
    )
    return answer_problem(problem)
