"""Errors as pages, for people's browsers; programs get problem+json."""

from typing import Any

from flask import Response, g, make_response, render_template, request
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError

from punctual_api.http.problems import NOTHING_THERE, Problem, answer_problem

HEADINGS = {
    400: "That did not work",
    404: "There is nothing here",
    405: "Not like that",
    409: "That did not work",
    413: "That is too large",
    421: "Not at this address",
    422: "That did not work",
    429: "Too many attempts",
    500: "Something went wrong",
    503: "Not available just now",
}

PLAINER = {NOTHING_THERE: "There is no page at this address."}


def error_page(problem: dict[str, Any]) -> Response | None:
    """Return the page of a problem, or None when the client is no browser."""
    if request.is_json or "text/html" not in request.accept_mimetypes.values():
        return None
    code = problem["status"]
    # Only who is known already: with the database away, asking again would fail again, and
    # Flask-Login loads the user for every template unless one is set.
    viewer = g.get("_login_user")
    g.setdefault("_login_user", AnonymousUserMixin())
    html = render_template(
        "error.html",
        code=code,
        heading=HEADINGS.get(code, problem["title"]),
        detail=PLAINER.get(problem["detail"], problem["detail"]),
        request_id=problem["request_id"] if code >= 500 else "",
        viewer=viewer,
    )
    return make_response(html, code)


def refused_form(_error: CSRFError) -> Response:
    """400 for a form that is not ours, or was ours in a session that has ended."""
    return answer_problem(
        Problem(400, "This form is out of date. Go back, reload the page and send it again.")
    )
