"""The pages of queues, for admins: the list, and which teams may use one."""

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.runs.queue import is_queue
from punctual.store.queues.listing import KnownQueue, list_queues
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session
from punctual_api.http.problems import Fault, Problem, not_found
from punctual_api.queues.changes import let_teams_use
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages

BLANK = {"name": "", "teams": ""}
NO_TEAMS = "Name one team or more: without any, every team may use it, as now."


@pages.route("/queues/", methods=["GET", "POST"])
def show_queues() -> AnyResponse:
    """The queues, and a form that closes one to other teams."""
    if request.method != "POST":
        return _list(BLANK)
    typed = {name: request.form.get(name, "").strip() for name in BLANK}
    teams = _slugs(typed["teams"])
    if not teams:
        return _list(typed, [Fault("/teams", NO_TEAMS)])
    try:
        let_teams_use(typed["name"], teams)
    except Problem as problem:
        session().rollback()
        return _list(typed, _faults(problem))
    flash("The teams are set.")
    return redirect(url_for("pages.show_queues"))


@pages.route("/queues/<name>/", methods=["GET", "POST"])
def change_queue(name: str) -> AnyResponse:
    """Change which teams may use a queue."""
    if not is_queue(name):
        raise not_found("queue")
    queue = next(iter(list_queues(session().connection(), name=name)), None)
    queue = queue or KnownQueue(name, False, [], [], 0, 0)
    if request.method != "POST":
        return _form(queue, {"teams": "\n".join(queue.teams)})
    typed = {"teams": request.form.get("teams", "").strip()}
    try:
        let_teams_use(name, _slugs(typed["teams"]))
    except Problem as problem:
        session().rollback()
        return _form(queue, typed, _faults(problem))
    flash("The teams are set.")
    return redirect(url_for("pages.show_queues"))


def _slugs(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _faults(problem: Problem) -> list[Fault]:
    """Return each fault at its field: the teams are one."""
    changed_nothing()
    return [
        Fault("/teams" if fault.pointer.startswith("/teams/") else fault.pointer, fault.detail)
        for fault in problem.faults
    ]


def _list(typed: dict[str, str], faults: list[Fault] | None = None) -> Response:
    errors, others = by_field(faults or (), BLANK)
    queues = list_queues(session().connection())
    return page(
        "queues/queues",
        422 if faults else 200,
        queues=queues,
        typed=typed,
        errors=errors,
        others=others,
    )


def _form(queue: KnownQueue, typed: dict[str, str], faults: list[Fault] | None = None) -> Response:
    errors, others = by_field(faults or (), ["teams"])
    return page(
        "queues/queue",
        422 if faults else 200,
        queue=queue,
        typed=typed,
        errors=errors,
        others=others,
    )
