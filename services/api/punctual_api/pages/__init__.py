"""The web pages: what people see and click; the REST API is next door."""

from datetime import timedelta

from flask import Flask
from flask_wtf.csrf import CSRFError

from punctual_api.pages import (  # noqa: F401 - importing them adds their pages
    account,
    calendars,
    concurrency,
    crontab_page,
    dashboard,
    due_times,
    outage_list,
    outage_page,
    run_form,
    run_pages,
    task_actions,
    task_edit,
    task_page,
)
from punctual_api.pages.errors import error_page, refused_form
from punctual_api.pages.frame import pages

SESSION_LIFE = timedelta(days=14)


def add_pages(app: Flask) -> None:
    """Give the app its web pages, and its errors a face."""
    app.config["PERMANENT_SESSION_LIFETIME"] = SESSION_LIFE
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form stays good for as long as its session
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = timedelta(days=365)  # names change with content
    app.register_error_handler(CSRFError, refused_form)
    app.register_blueprint(pages)
    app.extensions["punctual_error_page"] = error_page
