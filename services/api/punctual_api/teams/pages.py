"""The pages of teams: all of a user's, and one with its members and their roles."""

from collections.abc import Callable
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_login import current_user
from marshmallow import Schema, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.roles import Role
from punctual.store.accounts.access_tokens import Owner
from punctual.store.accounts.members import list_members
from punctual.store.accounts.teams import teams_with
from punctual.store.concurrency.team_slots import slot_use
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session, team_id, user_id
from punctual_api.http.problems import Fault, Problem, faults_in
from punctual_api.invites.changes import Created
from punctual_api.invites.form import BLANK_INVITE, invite_list
from punctual_api.teams import changes
from punctual_api.teams.schemas import (
    NewMemberSchema,
    NewTeamSchema,
    RoleSchema,
    TeamChangesSchema,
)
from punctual_api.tokens.form import BLANK_TOKEN, token_list
from punctual_api.web.form_errors import by_field
from punctual_api.web.form_fields import read_number
from punctual_api.web.page_base import page, pages

BLANK_TEAM = {"slug": "", "name": ""}
BLANK_MEMBER = {"username": "", "role": Role.VIEWER.value}
BLANK = {**BLANK_MEMBER, "name": "", "max_slots": "", **BLANK_TOKEN, **BLANK_INVITE}


@pages.get("/teams/")
def show_teams() -> Response:
    """The user's teams, and an empty form."""
    return _teams_page(BLANK_TEAM)


@pages.post("/teams/")
def create_team() -> AnyResponse:
    """A new team, whose owner the user is."""
    typed = _typed(BLANK_TEAM)
    try:
        values = NewTeamSchema().load(typed)
        made = changes.create_own(**values)
    except (ValidationError, Problem) as error:
        return _teams_page(typed, _faults(error))
    flash("The team is created.")
    return redirect(url_for("pages.show_team", slug=made.slug))


@pages.get("/team/<slug>/")
def show_team(slug: str) -> Response:
    """A team: its members, their roles, and forms for its owners."""
    return team_page(BLANK)


@pages.post("/team/<slug>/")
def rename_team(slug: str) -> AnyResponse:
    """Give a team another name."""
    return _change(slug, TeamChangesSchema(partial=True), {"name": ""}, _rename, "It is renamed.")


@pages.post("/team/<slug>/slots/")
def change_slots(slug: str) -> AnyResponse:
    """Change how many runs of a team may run at once."""
    return _change(
        slug, TeamChangesSchema(partial=True), {"max_slots": ""}, _set_slots, "The slots are set."
    )


@pages.post("/team/<slug>/leave/")
def leave_team(slug: str) -> AnyResponse:
    """Leave a team."""
    try:
        changes.remove(current_user.username)
    except Problem as problem:
        return _refused(slug, problem)
    flash("You have left the team.")
    return redirect(url_for("pages.show_teams"))


@pages.post("/team/<slug>/members/")
def add_member(slug: str) -> AnyResponse:
    """Add a user to a team."""
    return _change(slug, NewMemberSchema(), BLANK_MEMBER, changes.add_own, "The member is added.")


@pages.post("/team/<slug>/members/<username>/")
def change_member(slug: str, username: str) -> AnyResponse:
    """Give a member another role."""

    def change(role: str) -> object:
        return changes.change_member(username, role)

    return _change(slug, RoleSchema(), {"role": ""}, change, "The role is changed.")


@pages.post("/team/<slug>/members/<username>/remove/")
def remove_member(slug: str, username: str) -> AnyResponse:
    """Remove a member."""
    try:
        changes.remove(username)
    except Problem as problem:
        return _refused(slug, problem)
    flash("The member is removed.")
    if username.lower() == current_user.username.lower():
        return redirect(url_for("pages.show_teams"))
    return redirect(url_for("pages.show_team", slug=slug))


def _rename(name: str) -> None:
    changes.change_own({"name": name})


def _set_slots(max_slots: int | None) -> None:
    changes.change_own({"max_slots": max_slots})


def _change(
    slug: str,
    schema: Schema,
    blank: dict[str, str],
    change: Callable[..., object],
    message: str,
) -> AnyResponse:
    typed = _typed(blank)
    try:
        change(**schema.load(_read(typed)))
    except ValidationError as error:
        return team_page({**BLANK, **typed}, _faults(error))
    except Problem as problem:
        if problem.faults:
            return team_page({**BLANK, **typed}, _faults(problem))
        return _refused(slug, problem)
    flash(message)
    return redirect(url_for("pages.show_team", slug=slug))


def _refused(slug: str, problem: Problem) -> AnyResponse:
    """Show why a change is not possible; what has no such member or team stays a 404."""
    if problem.code == 404:
        raise problem
    session().rollback()
    changed_nothing()
    flash(str(problem.description), "bad")
    return redirect(url_for("pages.show_team", slug=slug))


def _typed(blank: dict[str, str]) -> dict[str, str]:
    return {name: request.form.get(name, value).strip() for name, value in blank.items()}


def _read(typed: dict[str, str]) -> dict[str, Any]:
    """Return what was typed as the schema takes it: a number, or nothing, is no text there."""
    if "max_slots" not in typed:
        return typed
    return {"max_slots": read_number(typed["max_slots"]) if typed["max_slots"] else None}


def _faults(error: ValidationError | Problem) -> list[Fault]:
    if isinstance(error, ValidationError):
        return list(faults_in(error.messages))
    return list(error.faults) or [Fault("", str(error.description))]


def _teams_page(typed: dict[str, str], faults: list[Fault] | None = None) -> Response:
    errors, others = by_field(faults or (), BLANK_TEAM)
    return page(
        "teams/teams",
        422 if faults else 200,
        teams=teams_with(session(), current_user.teams),
        typed=typed,
        errors=errors,
        others=others,
    )


def team_page(
    typed: dict[str, str],
    faults: list[Fault] | None = None,
    *,
    new_token: str | None = None,
    new_invite: Created | None = None,
) -> Response:
    """Return the page: with what was typed and its faults, or what was made and is shown once."""
    team = changes.own_team()
    errors, others = by_field(faults or (), BLANK)
    slots = "" if team.max_slots is None else str(team.max_slots)
    return page(
        "teams/team",
        422 if faults else 200,
        team=team,
        members=list_members(session(), team_id()),
        tokens=token_list(Owner(user_id(), team_id())) if team.role == Role.OWNER else [],
        new_token=new_token,
        invites=invite_list(team_id()) if team.role == Role.OWNER else [],
        new_invite=new_invite,
        slots=slot_use(session().connection(), team.id),
        typed={
            **typed,
            "name": typed["name"] or team.name,
            "max_slots": typed["max_slots"] or slots,
        },
        errors=errors,
        others=others,
        roles=[(role.value, role.value) for role in Role],
    )
