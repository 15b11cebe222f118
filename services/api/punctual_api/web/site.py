"""The web pages of the product."""

from datetime import timedelta

from flask import Flask
from flask_wtf.csrf import CSRFError

import punctual_api.accounts.own_page
import punctual_api.accounts.pages
import punctual_api.alerts.link_pages
import punctual_api.alerts.pages.channels
import punctual_api.alerts.pages.deliveries
import punctual_api.alerts.pages.rules
import punctual_api.audit.pages
import punctual_api.badges.pages
import punctual_api.calendars.pages
import punctual_api.concurrency.pages
import punctual_api.crontab.pages
import punctual_api.feeds.pages
import punctual_api.hooks.pages
import punctual_api.invites.installation_page
import punctual_api.invites.pages
import punctual_api.invites.team_forms
import punctual_api.ledger.pages
import punctual_api.outages.list_page
import punctual_api.outages.pages
import punctual_api.queues.pages
import punctual_api.resets.pages
import punctual_api.runs.pages
import punctual_api.secrets.pages
import punctual_api.single_sign_on.pages
import punctual_api.tasks.pages.actions
import punctual_api.tasks.pages.dashboard
import punctual_api.tasks.pages.edit
import punctual_api.tasks.pages.move
import punctual_api.tasks.pages.run_form
import punctual_api.tasks.pages.task_page
import punctual_api.tasks.pages.versions
import punctual_api.teams.deletion_page
import punctual_api.teams.handover_page
import punctual_api.teams.pages
import punctual_api.tokens.pages
import punctual_api.users.pages  # noqa: F401 - importing it adds its pages
from punctual_api.web.error_pages import error_page, refused_form
from punctual_api.web.page_base import pages

SESSION_LIFE = timedelta(days=14)


def add_pages(app: Flask) -> None:
    """Give the app its web pages, and its errors a face."""
    app.config["PERMANENT_SESSION_LIFETIME"] = SESSION_LIFE
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form stays good for as long as its session
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = timedelta(days=365)  # names change with content
    app.register_error_handler(CSRFError, refused_form)
    app.register_blueprint(pages)
    app.extensions["punctual_error_page"] = error_page
