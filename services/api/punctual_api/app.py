"""Read this first: how the API service is put together, in the order in which it matters."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from punctual import config
from punctual.config import Settings
from punctual_api import (
    accounts,
    backfills,
    bulk,
    calendars,
    concurrency,
    crontabs,
    health,
    ledger,
    outages,
    output,
    reference,
    runs,
    schedules,
    task_verbs,
    tasks,
    why,
)
from punctual_api.auth import recognise_users
from punctual_api.database import bind_database
from punctual_api.errors import answer_errors
from punctual_api.failed_logins import count_failed_logins
from punctual_api.json_answer import Answers
from punctual_api.pages import add_pages
from punctual_api.pages.frame import csrf
from punctual_api.requests import follow_requests
from punctual_api.routing import Api

NEEDS = ("database_url", "redis_url", "secret_key")
MAX_BODY_BYTES = 16 * 1024 * 1024


class App(Flask):
    """Flask, for views and hooks of which none is a coroutine."""

    json_provider_class = Answers

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: Flask would look into each of them at each request."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """The API service as a WSGI app; raises InvalidSetting."""
    settings = settings or config.load(needs=NEEDS)
    app = App("punctual_api")
    app.extensions["punctual"] = settings
    app.config["SECRET_KEY"] = settings.secret_key
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    if settings.trust_proxy:
        hops = settings.trust_proxy
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )

    follow_requests(app)
    answer_errors(app)
    recognise_users(app)
    csrf.init_app(app)
    count_failed_logins(app, settings)

    api = Api(app, **reference.DESCRIPTION)
    for part in (
        accounts,
        tasks,
        bulk,
        task_verbs,
        backfills,
        concurrency,
        why,
        ledger,
        outages,
        crontabs,
        schedules,
        calendars,
        runs,
        output,
    ):
        api.register_blueprint(part.blueprint)
        csrf.exempt(part.blueprint)  # tokens only: no browser sends one by itself
    reference.serve_reference(app, api)
    add_pages(app)
    health.watch_health(app, settings)

    bind_database(app, settings)
    return app
