"""The page that moves a task to another team: what goes along, what stays, what is in the way."""

import uuid

from flask import Response, flash, redirect, request, url_for
from flask.globals import app_ctx
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.errors import InvalidCalendar, InvalidSecret
from punctual.domain.roles import Role
from punctual.store.schema.models import Task
from punctual.store.tasks.handover import count_unfinished
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session, team_id, team_slug
from punctual_api.http.problems import Fault, Problem
from punctual_api.tasks.changes import change_own
from punctual_api.tasks.endpoints import own_task
from punctual_api.tasks.moving import lock_ahead, moved
from punctual_api.tasks.pages.upstream_form import edges_page
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages

NO_TEAM = "Choose a team."
THERE = "The task is in this team already."


@pages.route("/task/<uuid:task_id>/move/", methods=["GET", "POST"])
def move_task(task_id: uuid.UUID) -> AnyResponse:
    """Move a task to another team, after saying what that means."""
    slug = request.form.get("team", "").strip()
    if request.method == "POST":
        lock_ahead(slug or None)
    task, left = own_task(task_id), team_id()
    if request.method != "POST":
        return _page(task, "")
    try:
        _move(task, slug)
    except Problem as problem:
        session().rollback()
        changed_nothing()
        app_ctx.g.team_id = left
        return _page(own_task(task_id), slug, problem)
    flash(f"The task is in the team {team_slug(task.team_id)} now.")
    return redirect(url_for("pages.show_task", task_id=task_id))


def _move(task: Task, slug: str) -> None:
    """Move a task; raises Problem with each fault at the field `team`."""
    if not slug:
        raise _refused(NO_TEAM)
    name, names = task.name, list(task.calendars or ())
    try:
        values = moved(task, slug, {})
        if not values:
            raise _refused(THERE)
        change_own(task, values)
    except InvalidSecret as error:
        raise _refused(f"In the team {slug}: {error.detail}") from None
    except InvalidCalendar as error:
        missing = names[int(error.pointer.rpartition("/")[2])]
        raise _refused(
            f"The team {slug} has no calendar “{missing}”, which this task uses: create it there, "
            "or take it off the task."
        ) from None
    except Problem as problem:
        if any(fault.pointer.startswith("/after") for fault in problem.faults):
            raise _refused(
                f"“{name}” runs after other tasks, which are not in the team {slug}."
            ) from None
        if problem.faults:
            raise
        raise _refused(str(problem.description), status=problem.code or 409) from None


def _refused(detail: str, *, status: int = 422) -> Problem:
    return Problem(status, detail, faults=[Fault("/team", detail)])


def _page(task: Task, slug: str, problem: Problem | None = None) -> Response:
    errors, others = by_field(problem.faults if problem else (), ["team"])
    teams = [
        one.slug
        for one in current_user.teams
        if one.may(Role.EDITOR) and one.team_id != task.team_id
    ]
    return page(
        "tasks/task_move",
        200 if problem is None else problem.code or 422,
        task=task,
        old=team_slug(task.team_id),
        teams=teams,
        unfinished=count_unfinished(session(), task.id),
        **edges_page(task),
        typed={"team": slug},
        errors=errors,
        others=others,
    )
