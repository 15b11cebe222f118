"""Rules of alerts: listed, created, changed and deleted."""

import uuid
from typing import Any

from flask import Response, jsonify, url_for

from punctual.store.alerts.rules import list_rules
from punctual_api.alerts import changes
from punctual_api.alerts.installation import chosen_teams
from punctual_api.alerts.schemas import (
    NewRuleSchema,
    RuleChangesSchema,
    RuleListSchema,
    RuleQuerySchema,
    RuleSchema,
)
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session

blueprint = Blueprint(
    "alerts", __name__, url_prefix="/api/alerts", description="Which events go to which channel"
)

_rule, _list = RuleSchema(), RuleListSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403)
@blueprint.arguments(RuleQuerySchema, location="query")
@blueprint.response(200, RuleListSchema)
def list_alerts(args: dict[str, Any]) -> Response:
    """List the rules of your teams, oldest first."""
    found = list_rules(session(), team_ids=chosen_teams(installation=args["installation"]))
    return jsonify(_list.dump({"items": changes.shown(found)}))


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 403, 409, 413, 415)
@blueprint.arguments(NewRuleSchema)
@blueprint.response(201, RuleSchema)
def create_alert(sent: dict[str, Any]) -> Response:
    """Have events of your tasks sent to a channel."""
    [made] = changes.shown([changes.create(sent)])
    response = jsonify(_rule.dump(made))
    response.status_code = 201
    response.headers["Location"] = url_for("alerts.list_alerts")
    return response


@blueprint.route("/<uuid:rule_id>/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.response(200, RuleSchema)
def get_alert(rule_id: uuid.UUID) -> Response:
    """Read a rule."""
    return jsonify(_rule.dump(changes.shown([changes.own_rule(rule_id)])[0]))


@blueprint.route("/<uuid:rule_id>/", methods=["PATCH"])
@blueprint.problems(400, 401, 403, 404, 413, 415)
@blueprint.arguments(RuleChangesSchema)
@blueprint.response(200, RuleSchema)
def change_alert(sent: dict[str, Any], rule_id: uuid.UUID) -> Response:
    """Change a rule; it applies to what happens from now on."""
    return jsonify(_rule.dump(changes.shown([changes.change(rule_id, sent)])[0]))


@blueprint.route("/<uuid:rule_id>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404)
@blueprint.response(204)
def delete_alert(rule_id: uuid.UUID) -> None:
    """Delete a rule; messages that wait are still sent."""
    changes.delete(rule_id)
