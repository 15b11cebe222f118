"""Read this first: how the API service is put together, in the order in which it matters."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

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
from punctual_api.allowed_hosts import refuse_foreign_hosts
from punctual_api.auth import recognise_users
from punctual_api.body_limits import LimitedRequest, limit_bodies
from punctual_api.database import bind_database
from punctual_api.errors import answer_errors, redirect_here
from punctual_api.failed_logins import count_failed_logins
from punctual_api.https import know_https
from punctual_api.json_answer import Answers
from punctual_api.pages import add_pages
from punctual_api.pages.frame import csrf
from punctual_api.proxies import trust_proxies
from punctual_api.requests import follow_requests
from punctual_api.routing import Api

NEEDS = ("database_url", "redis_url", "secret_key")


class App(Flask):
    """Flask, for views and hooks of which none is a coroutine."""

    json_provider_class = Answers
    request_class = LimitedRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: Flask would look into each of them at each request."""
        return func

    def handle_http_exception(self, e: HTTPException) -> Any:
        """Answer redirects of the router too, which Flask takes as they are."""
        return (
            redirect_here(e) if isinstance(e, RequestRedirect) else super().handle_http_exception(e)
        )


def create_app(settings: Settings | None = None) -> Flask:
    """The API service as a WSGI app; raises InvalidSetting."""
    settings = settings or config.load(needs=NEEDS)
    app = App("punctual_api")
    app.extensions["punctual"] = settings
    app.config["SECRET_KEY"] = settings.secret_key
    trust_proxies(app, settings)

    follow_requests(app)
    answer_errors(app)
    refuse_foreign_hosts(app, settings)
    know_https(app, settings)
    limit_bodies(app)
    recognise_users(app)
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the guard of the pages checks their forms
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
    reference.serve_reference(app, api)
    add_pages(app)
    health.watch_health(app, settings)

    bind_database(app, settings)
    return app
