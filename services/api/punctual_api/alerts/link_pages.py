"""The pages of links in messages: each says what it will do, and does it when it is confirmed.

Opening one changes nothing: programs that look for viruses in mail open every link.
"""

from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.alerts.snooze import WORDS, SnoozeChoice
from punctual_api.alerts.links import (
    UNUSABLE,
    link_of,
    retry_by_link,
    run_of,
    snooze_by_link,
    task_of,
)
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session, team_slug
from punctual_api.http.problems import Problem
from punctual_api.web.page_base import page, pages


@pages.get("/alert/<code>/")
@pages.get("/alert/<code>/retry/")
def show_alert_retry(code: str) -> Response:
    """What is about to be run again, and a button for it."""
    return _page(code, "retry")


@pages.post("/alert/<code>/retry/")
def retry_by_alert(code: str) -> AnyResponse:
    """Run the task again, once for each link."""
    try:
        made = retry_by_link(link_of(code))
    except Problem as problem:
        return _page(code, "retry", problem)
    if made is None:
        changed_nothing()
        flash("This link has started a run before; it starts one alone.", "warn")
    else:
        flash("The task runs again.")
    return redirect(url_for("pages.show_alert_retry", code=code))


@pages.get("/alert/<code>/snooze/")
def show_alert_snooze(code: str) -> Response:
    """Which task is about to be snoozed, and buttons for how long."""
    return _page(code, "snooze")


@pages.post("/alert/<code>/snooze/")
def snooze_by_alert(code: str) -> AnyResponse:
    """Snooze the task for as long as the button says."""
    choice = _choice(request.form.get("for"))
    if choice is None:
        return _page(code, "snooze", Problem(422, "Choose how long."))
    try:
        snooze_by_link(link_of(code), choice)
    except Problem as problem:
        return _page(code, "snooze", problem)
    flash(f"No alerts of this task {WORDS[choice]}.")
    return redirect(url_for("pages.show_alert_snooze", code=code))


def _page(code: str, does: str, problem: Problem | None = None) -> Response:
    """Return the page of a link, also where it could not do what it was to do."""
    if problem is not None:
        session().rollback()
        changed_nothing()
    if problem is None or problem.code not in (404, 429):
        try:
            return _with(code, does, problem)
        except Problem as unusable:
            problem = unusable
    status = problem.code or 404
    answer = page("alerts/link", status, task=None, message=problem.description or UNUSABLE)
    if wait := problem.headers.get("Retry-After"):
        answer.headers["Retry-After"] = wait
    return answer


def _with(code: str, does: str, problem: Problem | None) -> Response:
    link = link_of(code)
    values: dict[str, Any] = {
        "link": link,
        "code": code,
        "does": does,
        "task": task_of(link),
        "run": run_of(link),
        "team": team_slug(link.team_id),
        "chosen": _choice(request.args.get("for")),
        "choices": list(WORDS.items()),
        "message": None if problem is None else problem.description,
    }
    return page("alerts/link", 200 if problem is None else problem.code or 400, **values)


def _choice(sent: str | None) -> SnoozeChoice | None:
    return next((choice for choice in SnoozeChoice if choice == sent), None)
