"""The page of a team's badges: a new address is shown in the answer alone."""

import uuid

from flask import Response, flash, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual_api.audit.recorder import changed_nothing
from punctual_api.badges import changes
from punctual_api.badges.schemas import NewBadgeSchema
from punctual_api.http.context import session, team_id, team_slug
from punctual_api.http.problems import Fault, Problem, faults_in
from punctual_api.teams.changes import own_team
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages

BLANK = {"name": "", "task": "", "tag": ""}


@pages.get("/team/<slug>/badges/")
def show_badges(slug: str) -> Response:
    """The badges of a team, and with `task` in the address those of a task of it."""
    return _page({**BLANK, "task": _task_wanted() or ""})


@pages.post("/team/<slug>/badges/")
def create_badge(slug: str) -> Response:
    """A new badge, with its address."""
    typed = {name: request.form.get(name, "").strip() for name in BLANK}
    try:
        sent = NewBadgeSchema().load({name: value or None for name, value in typed.items()})
        _, url = changes.create(**sent)
    except ValidationError as error:
        return _page(typed, list(faults_in(error.messages)))
    except Problem as problem:
        return _page(typed, list(problem.faults) or [Fault("", str(problem.description))])
    return _page({**BLANK, "task": typed["task"]}, new_url=url)


@pages.post("/badges/<uuid:badge_id>/end/")
def end_badge(badge_id: uuid.UUID) -> AnyResponse:
    """End a badge."""
    ended = changes.end(badge_id)
    flash("The badge has ended.")
    slug = team_slug(team_id())
    return redirect(url_for("pages.show_badges", slug=slug, task=ended.task_id))


def _task_wanted() -> str | None:
    return request.args.get("task")


def _page(
    typed: dict[str, str], faults: list[Fault] | None = None, *, new_url: str | None = None
) -> Response:
    if faults:
        session().rollback()
        changed_nothing()
    try:
        task = uuid.UUID(typed["task"]) if typed["task"] else None
        badges = changes.listed(task)
    except (ValueError, Problem):
        badges = changes.listed(None)
    errors, others = by_field(faults or (), BLANK)
    return page(
        "teams/badges",
        422 if faults else 200,
        team=own_team(),
        badges=badges,
        new_url=new_url,
        typed=typed,
        errors=errors,
        others=others,
    )
