"""Teams: listed, created, changed, deleted and left; their members likewise."""

from typing import Any

from flask import Response, jsonify, url_for
from flask_login import current_user

from punctual.store.accounts.members import Member, list_members
from punctual.store.accounts.teams import OwnTeam, teams_with
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session, team_id
from punctual_api.teams import changes
from punctual_api.teams.deletion import delete_own
from punctual_api.teams.handover import hand_over_own
from punctual_api.teams.schemas import (
    HandoverReportSchema,
    HandoverSchema,
    MemberListSchema,
    MemberSchema,
    NewMemberSchema,
    NewTeamSchema,
    RoleSchema,
    TeamChangesSchema,
    TeamListSchema,
    TeamSchema,
)

blueprint = Blueprint(
    "teams", __name__, url_prefix="/api/teams", description="Who may see and do what"
)

_team, _member = TeamSchema(), MemberSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401)
@blueprint.response(200, TeamListSchema)
def list_own_teams() -> dict[str, Any]:
    """List the teams that you are in, with your role, the personal one first."""
    return {"items": teams_with(session(), current_user.teams)}


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 409, 413, 415)
@blueprint.arguments(NewTeamSchema)
@blueprint.response(201, TeamSchema)
def create_team(sent: dict[str, str]) -> Response:
    """Create a team, whose owner you are."""
    made = changes.create_own(**sent)
    response = jsonify(_team.dump(made))
    response.status_code = 201
    response.headers["Location"] = url_for("teams.get_team", slug=made.slug)
    return response


@blueprint.route("/<slug>/", methods=["GET"])
@blueprint.problems(401, 404)
@blueprint.response(200, TeamSchema)
def get_team(slug: str) -> OwnTeam:
    """Read a team."""
    return changes.own_team()


@blueprint.route("/<slug>/", methods=["PATCH"])
@blueprint.problems(400, 401, 403, 404, 409, 413, 415)
@blueprint.arguments(TeamChangesSchema(partial=True))
@blueprint.response(200, TeamSchema)
def change_team(sent: dict[str, Any], slug: str) -> OwnTeam:
    """Change a team's name or slug; addresses with the old slug end."""
    changes.change_own(sent)
    return changes.own_team()


@blueprint.route("/<slug>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404, 409)
@blueprint.response(204)
def delete_team(slug: str) -> None:
    """Delete a team without enabled tasks, and with it all that it owns, its history included."""
    delete_own()


@blueprint.route("/<slug>/leave/", methods=["POST"])
@blueprint.problems(401, 404, 409)
@blueprint.response(204)
def leave_team(slug: str) -> None:
    """Leave a team, unless you are its last owner; what you made stays with it."""
    changes.remove(current_user.username)


@blueprint.route("/<slug>/handover/", methods=["POST"])
@blueprint.problems(400, 401, 403, 404, 409, 413, 415)
@blueprint.arguments(HandoverSchema)
@blueprint.response(200, HandoverReportSchema)
def hand_over_tasks(sent: dict[str, Any], slug: str) -> dict[str, Any]:
    """Move all tasks of a team to another one, or report what would move and what is in the way."""
    return hand_over_own(sent["team"], dry_run=sent["dry_run"])


@blueprint.route("/<slug>/members/", methods=["GET"])
@blueprint.problems(401, 404)
@blueprint.response(200, MemberListSchema)
def list_team_members(slug: str) -> dict[str, Any]:
    """List the members of a team by name."""
    return {"items": list_members(session(), team_id())}


@blueprint.route("/<slug>/members/", methods=["POST"])
@blueprint.problems(400, 401, 403, 404, 409, 413, 415)
@blueprint.arguments(NewMemberSchema)
@blueprint.response(201, MemberSchema)
def add_team_member(sent: dict[str, str], slug: str) -> Response:
    """Add a user to a team."""
    made = changes.add_own(**sent)
    response = jsonify(_member.dump(made))
    response.status_code = 201
    response.headers["Location"] = url_for(
        "teams.change_team_member", slug=slug, username=made.username
    )
    return response


@blueprint.route("/<slug>/members/<username>/", methods=["PATCH"])
@blueprint.problems(400, 401, 403, 404, 409, 413, 415)
@blueprint.arguments(RoleSchema)
@blueprint.response(200, MemberSchema)
def change_team_member(sent: dict[str, str], slug: str, username: str) -> Member:
    """Give a member another role; the last owner stays one."""
    return changes.change_member(username, sent["role"])


@blueprint.route("/<slug>/members/<username>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404, 409)
@blueprint.response(204)
def remove_team_member(slug: str, username: str) -> None:
    """Remove a member, unless it is the last owner; what the user made stays with the team."""
    changes.remove(username)
