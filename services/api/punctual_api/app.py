"""The API service, put together: read this first."""

from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from punctual.ops import config
from punctual.ops.config import Settings
from punctual_api.accounts.access import check_access, look_again
from punctual_api.accounts.authentication import recognise_users
from punctual_api.accounts.endpoints import blueprint as accounts
from punctual_api.accounts.failed_logins import count_failed_logins
from punctual_api.accounts.own_endpoints import blueprint as account
from punctual_api.alerts.endpoints import blueprint as alerts
from punctual_api.audit.endpoints import blueprint as audit
from punctual_api.audit.recorder import write_recorded, write_refused
from punctual_api.badges.endpoints import blueprint as badges
from punctual_api.badges.served import blueprint as badge_files
from punctual_api.calendars.endpoints import blueprint as calendars
from punctual_api.channels.endpoints import blueprint as channels
from punctual_api.concurrency.endpoints import blueprint as concurrency
from punctual_api.crontab.endpoints import blueprint as crontab
from punctual_api.deliveries.endpoints import blueprint as deliveries
from punctual_api.feeds.endpoints import blueprint as feeds
from punctual_api.feeds.served import blueprint as feed_files
from punctual_api.hooks.calls import blueprint as hook_calls
from punctual_api.hooks.endpoints import blueprint as hooks
from punctual_api.http import openapi_pages
from punctual_api.http.allowed_hosts import refuse_foreign_hosts
from punctual_api.http.blueprints import Api
from punctual_api.http.body_limits import LimitedRequest, limit_bodies
from punctual_api.http.database import bind_database
from punctual_api.http.https import know_https
from punctual_api.http.json_answer import Answers
from punctual_api.http.problem_pages import blueprint as problem_pages
from punctual_api.http.problems import answer_errors, redirect_here
from punctual_api.http.proxies import trust_proxies
from punctual_api.http.request_hooks import follow_requests
from punctual_api.invites.endpoints import blueprint as invites
from punctual_api.ledger.backfill import blueprint as backfill
from punctual_api.ledger.endpoints import blueprint as ledger
from punctual_api.ledger.why import blueprint as why
from punctual_api.limits.openapi import document_limits
from punctual_api.limits.request_limit import limit_requests
from punctual_api.limits.team_limits import limit_teams
from punctual_api.mail.mailer import know_mail, post_mails
from punctual_api.outages.endpoints import blueprint as outages
from punctual_api.queues.allowed import watch_default_queue
from punctual_api.queues.endpoints import blueprint as queues
from punctual_api.resets.endpoints import blueprint as resets
from punctual_api.runs.endpoints import blueprint as runs
from punctual_api.runs.output import blueprint as output
from punctual_api.schedules.endpoints import blueprint as schedules
from punctual_api.secrets.endpoints import blueprint as secrets
from punctual_api.single_sign_on.current import know_provider
from punctual_api.system import health
from punctual_api.tasks.bulk import blueprint as bulk
from punctual_api.tasks.endpoints import blueprint as tasks
from punctual_api.tasks.verbs import blueprint as task_verbs
from punctual_api.tasks.versions import blueprint as task_versions
from punctual_api.teams.endpoints import blueprint as teams
from punctual_api.tokens.endpoints import blueprint as tokens
from punctual_api.users.endpoints import blueprint as users
from punctual_api.web.page_base import csrf
from punctual_api.web.site import add_pages

NEEDS = ("database_url", "redis_url", "secret_key")


class App(Flask):
    """Flask with our JSON, our limits of bodies and our redirects."""

    json_provider_class = Answers
    request_class = LimitedRequest

    def handle_http_exception(self, e: HTTPException) -> Any:
        """Answer redirects of the router too, which Flask takes as they are."""
        return (
            redirect_here(e) if isinstance(e, RequestRedirect) else super().handle_http_exception(e)
        )


def create_app(settings: Settings | None = None) -> Flask:
    """Return the API service as a WSGI app; raises InvalidSetting."""
    settings = settings or config.load(needs=NEEDS)
    app = App("punctual_api")
    app.extensions["punctual"] = settings
    app.config["SECRET_KEY"] = settings.secret_key
    trust_proxies(app, settings)

    follow_requests(app)
    answer_errors(app)
    look_again(app)
    refuse_foreign_hosts(app, settings)
    know_https(app, settings)
    limit_bodies(app)
    recognise_users(app)
    app.before_request(check_access)
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the guard of the pages checks their forms
    csrf.init_app(app)
    count_failed_logins(app, settings)
    limit_requests(app, settings)
    limit_teams(app, settings)
    watch_default_queue(app)
    know_provider(app, settings)
    know_mail(app, settings)

    api = Api(app, **openapi_pages.DESCRIPTION)
    for part in (
        accounts,
        account,
        resets,
        teams,
        users,
        tokens,
        invites,
        audit,
        secrets,
        tasks,
        bulk,
        task_verbs,
        task_versions,
        hooks,
        hook_calls,
        feeds,
        badges,
        backfill,
        concurrency,
        queues,
        why,
        ledger,
        outages,
        crontab,
        schedules,
        calendars,
        runs,
        output,
        channels,
        alerts,
        deliveries,
    ):
        api.register_blueprint(part)
    openapi_pages.serve_reference(app, api)
    app.register_blueprint(problem_pages)
    document_limits(app)
    app.register_blueprint(feed_files)
    app.register_blueprint(badge_files)
    add_pages(app)
    health.watch_health(app, settings)

    bind_database(
        app,
        settings,
        before_commit=write_recorded,
        after_commit=post_mails,
        after_rollback=write_refused,
    )
    return app
