"""The base of every page: blueprint, login, CSRF protection, live parts."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Response,
    make_response,
    render_template,
    request,
    url_for,
)
from flask import session as cookie
from flask_login import current_user
from flask_wtf import CSRFProtect
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain import amounts
from punctual.domain.errors import InvalidSchedule
from punctual.domain.instant import parse_instant
from punctual.domain.names import visible_name
from punctual.domain.runs.params import text_of
from punctual_api.accounts.authentication import is_live_part
from punctual_api.accounts.registration import refusal
from punctual_api.http.json_body import refuse_unlabelled_json
from punctual_api.runs import narrative
from punctual_api.tasks.pages import secret_text, type_formatting
from punctual_api.web import formatting, team_choice
from punctual_api.web.own_address import own_url
from punctual_api.web.reader import PAGE
from punctual_api.web.user_agents import user_agent_words

STATIC = Path(__file__).parent.parent / "static"
ENTRANCES = {"pages.login", "pages.register"}
ON_THE_WAY = {"pages.log_in_by_provider", "pages.finish_login_by_provider"}
"""Parts of a login, which lead to no page that a user could want."""

pages = Blueprint("pages", __name__)
csrf = CSRFProtect()

for function in team_choice.GLOBALS:
    pages.add_app_template_global(function)

pages.add_app_template_filter(formatting.schedule_words)
pages.add_app_template_filter(amounts.span_words)
pages.add_app_template_filter(formatting.lateness_words)
pages.add_app_template_filter(amounts.bytes_words)
pages.add_app_template_filter(formatting.count_words)
pages.add_app_template_filter(formatting.state_words)
pages.add_app_template_filter(formatting.utc_words)
pages.add_app_template_filter(formatting.iso)
pages.add_app_template_filter(formatting.took)
pages.add_app_template_filter(formatting.anomaly_words)
pages.add_app_template_filter(user_agent_words)
pages.add_app_template_filter(type_formatting.what_of)
pages.add_app_template_filter(secret_text.as_text, "secret_text")
pages.add_app_template_filter(text_of, "param_text")
pages.add_app_template_filter(visible_name)
pages.add_app_template_global(own_url)
pages.add_app_template_filter(narrative.left_behind_words)


@pages.app_template_filter()
def ending(ended: Mapping[str, Any]) -> Markup:
    """Why an attempt or a run ended as it did, with links and times of the browser's zone."""
    return Markup(narrative.ending(ended, PAGE))  # noqa: S704 - PAGE escapes


@pages.before_request
def guard() -> None:
    """Refuse forms that are not our own; who may send them, accounts/access.py has decided."""
    # A JSON body gets a token and sets no session, so there is nothing to forge.
    if request.endpoint in ENTRANCES:
        if request.is_json:
            return
        refuse_unlabelled_json(request)
    csrf.protect()


@pages.after_request
def keep_private(response: AnyResponse) -> AnyResponse:
    """Have no cache keep what one user saw."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Cookie, HX-Request"
    return response


@pages.app_template_global()
@cache
def asset(name: str) -> str:
    """Return the URL of a static file, changing with its content, so that browsers may keep it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return url_for("static", filename=name, v=digest[:12])


@pages.app_template_global()
def may_register() -> bool:
    """Return whether a link to the registration leads anywhere."""
    return refusal(cookie.get("invitation")) is None


@pages.app_template_filter("instant")
def instant_of(schedule: object) -> datetime | None:
    """Return the time of a schedule that is due once; None for every other one."""
    try:
        at = schedule.get("at") if isinstance(schedule, Mapping) else None
        return None if at is None else parse_instant(at, pointer="")
    except InvalidSchedule:
        return None


@pages.app_template_filter()
def pretty(document: object) -> str:
    """JSON for people."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def page(name: str, status: int = 200, **values: Any) -> Response:
    """Return a whole page, from the template of that name."""
    given = {"errors": {}, "typed": {}, "viewer": current_user, **values}
    html = render_template(f"{name}.html", **given)
    return make_response(html, status)


def live_page(name: str, status: int = 200, /, **values: Any) -> Response:
    """Return a page with the live part `NAME_live.html`; only that part for htmx."""
    here = request.full_path.removesuffix("?")
    return page(f"{name}_live" if is_live_part(request) else name, status, here=here, **values)
