"""Serve badges to whatever shows them: a README, a dashboard, shields.io."""

from flask import Blueprint, Response, jsonify, request

from punctual.domain.links import LinkKind
from punctual.domain.runs.health import UNHEALTHY, Health
from punctual.store.links.badges import MOST_COUNTED, Shown, health_of
from punctual_api.badges.picture import badge_svg
from punctual_api.http.context import connection
from punctual_api.links.opening import opened

blueprint = Blueprint("badge files", __name__)

FRESH_SECONDS = 60

SHIELDS = {
    Health.OK: "brightgreen",
    Health.FAILING: "red",
    Health.MISSED: "red",
    Health.LATE: "orange",
    Health.SUSPICIOUS: "orange",
    Health.UNKNOWN: "lightgrey",
    Health.PAUSED: "lightgrey",
}


@blueprint.get("/badge/<token>.svg")
def picture(token: str) -> Response:
    """The health as a picture."""
    link = opened(LinkKind.BADGE, token)
    found = health_of(connection(), link)
    svg = badge_svg(link.name, _message(found), found.health)
    response = Response(svg, mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _cacheable(response)


@blueprint.get("/badge/<token>.json")
def endpoint(token: str) -> Response:
    """The health as an endpoint of shields.io."""
    link = opened(LinkKind.BADGE, token)
    found = health_of(connection(), link)
    document = {
        "schemaVersion": 1,
        "label": link.name,
        "message": _message(found),
        "color": SHIELDS[found.health],
        "isError": found.health in (Health.FAILING, Health.MISSED),
        "cacheSeconds": FRESH_SECONDS,
    }
    return _cacheable(jsonify(document))


def _message(found: Shown) -> str:
    """Return the health in a word, with the number of tasks where there are several unhealthy."""
    if found.tasks < 2 or found.health not in UNHEALTHY:
        return found.health.value
    number = f"{MOST_COUNTED}+" if found.tasks >= MOST_COUNTED else str(found.tasks)
    return f"{number} {found.health.value}"


def _cacheable(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    response.add_etag()
    response.make_conditional(request)
    return response
