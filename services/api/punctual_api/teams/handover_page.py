"""The page that moves all tasks of a team to another one: it says first what would move."""

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_login import current_user
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.roles import Role
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session, team_id
from punctual_api.http.problems import Fault, Problem, faults_in
from punctual_api.teams.changes import own_team
from punctual_api.teams.handover import hand_over_own
from punctual_api.teams.schemas import HandoverSchema
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages


@pages.route("/team/<slug>/handover/", methods=["GET", "POST"])
def hand_over(slug: str) -> AnyResponse:
    """Show what would move to the team that was chosen, or move it if `move` was pressed."""
    if request.method != "POST":
        return _page("")
    chosen, moves = request.form.get("team", "").strip(), request.form.get("do") == "move"
    try:
        HandoverSchema().load({"team": chosen})
        report = hand_over_own(chosen, dry_run=not moves)
    except ValidationError as error:
        changed_nothing()
        return _page(chosen, 422, faults=list(faults_in(error.messages)))
    except Problem as problem:
        session().rollback()
        changed_nothing()
        faults = list(problem.faults) or [Fault("/team", str(problem.description))]
        return _page(chosen, problem.code or 409, faults=faults)
    if not moves:
        return _page(chosen, report=report)
    count = report["tasks"]
    flash(f"{count} {'task was' if count == 1 else 'tasks were'} moved to {report['team']}.")
    return redirect(url_for("pages.dashboard", team=report["team"]))


def _page(
    chosen: str,
    status: int = 200,
    *,
    report: dict[str, Any] | None = None,
    faults: list[Fault] | None = None,
) -> Response:
    errors, others = by_field(faults or (), ["team"])
    if faults and len(faults) > 1:
        errors, others = {}, [fault.detail for fault in faults]
    return page(
        "teams/handover",
        status,
        team=own_team(),
        teams=[
            one.slug
            for one in current_user.teams
            if one.may(Role.EDITOR) and one.team_id != team_id()
        ],
        report=report,
        typed={"team": chosen},
        errors=errors,
        others=others,
    )
