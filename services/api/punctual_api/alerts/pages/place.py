"""Whose alerts a page shows: a team's, or those of the installation, which are for admins."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request, url_for
from flask.globals import app_ctx
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.alerts.channels import INSTALLATION
from punctual.domain.alerts.events import FOR_OPERATORS, FOR_TEAMS, EventKind
from punctual_api.teams.changes import own_team
from punctual_api.web.page_base import pages
from punctual_api.web.team_choice import may

View = Callable[..., AnyResponse]
OF_INSTALLATION = "_of_installation"
FOR_OWNERS = [kind for kind in EventKind if kind in FOR_TEAMS | {EventKind.CHANNEL_FAILING}]
FOR_ADMINS = [kind for kind in EventKind if kind in FOR_OPERATORS]


def in_both(rule: str, method: str) -> Callable[[View], View]:
    """Add a view to the pages of teams, and under `/system/` to those of the installation."""

    def add(view: View) -> View:
        name = view.__name__
        team, own = f"/team/<slug>/alerts/{rule}", f"/system/alerts/{rule}"
        pages.add_url_rule(team, name, _in_team(view), methods=[method])
        pages.add_url_rule(own, name + OF_INSTALLATION, _in_installation(view), methods=[method])
        return view

    return add


def is_installation() -> bool:
    """Return whether this page is one of the installation."""
    return bool(app_ctx.g.get("of_installation", False))


def place_url(name: str, **values: Any) -> str:
    """Return the address of a page of alerts in the place of this page."""
    if is_installation():
        return url_for(f"pages.{name}{OF_INSTALLATION}", **values)
    return url_for(f"pages.{name}", slug=(request.view_args or {})["slug"], **values)


def place_values() -> dict[str, Any]:
    """Return what every page of alerts shows of its place."""
    own = is_installation()
    return {
        "team": None if own else own_team(),
        "place_url": place_url,
        "may_own": own or may("owner"),
        "kinds": FOR_ADMINS if own else FOR_OWNERS,
    }


def _in_team(view: View) -> View:
    @wraps(view)
    def shown(slug: str, **values: Any) -> AnyResponse:
        del slug  # accounts/access.py has read it
        return view(**values)

    return shown


def _in_installation(view: View) -> View:
    @wraps(view)
    def shown(**values: Any) -> AnyResponse:
        app_ctx.g.of_installation = True
        app_ctx.g.team_id, app_ctx.g.team_ids = INSTALLATION, [INSTALLATION]
        return view(**values)

    return shown
