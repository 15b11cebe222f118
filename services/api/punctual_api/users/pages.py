"""The pages of all users, for admins: the list, and each change with its confirmation."""

from typing import Any, NamedTuple

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from punctual.store.accounts.admins import list_users
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session
from punctual_api.http.cursors import read_task_cursor, task_cursor
from punctual_api.http.fields import unstorable
from punctual_api.http.problems import Problem
from punctual_api.users import changes
from punctual_api.web.page_base import page, pages

USERS_A_PAGE = 50


class Change(NamedTuple):
    """A change of a user: its button, what it changes, what follows, and what is said after."""

    button: str
    values: dict[str, bool]
    means: str
    done: str


CHANGES = {
    "disable": Change(
        "Disable",
        {"disabled": True},
        "The user cannot log in any more, and all sessions and access tokens of the user end at "
        "once. Tasks, and the tokens of teams, go on.",
        "is disabled.",
    ),
    "enable": Change(
        "Enable",
        {"disabled": False},
        "The user can log in again, with the same password and in the same teams. What was ended "
        "stays ended.",
        "is enabled.",
    ),
    "make-admin": Change(
        "Make admin",
        {"is_admin": True},
        "An admin may do in every team what its owner may, and manages users and invitations.",
        "is an admin.",
    ),
    "remove-admin": Change(
        "Remove as admin",
        {"is_admin": False},
        "The user keeps the account and the roles in teams.",
        "is no admin any more.",
    ),
}


@pages.get("/users/")
def show_users() -> Response:
    """A page of the users, newest first, or of those found by a name or an address."""
    sought = request.args.get("q", "").strip()[:200]
    before = request.args.get("before") or None
    found = []
    if not unstorable(sought):
        place = read_task_cursor(before)
        found = list(list_users(session(), limit=USERS_A_PAGE + 1, before=place, q=sought))
    named: dict[str, Any] = {"q": sought} if sought else {}
    cursor = task_cursor(found[USERS_A_PAGE - 1].id) if len(found) > USERS_A_PAGE else None
    return page(
        "users/users",
        users=changes.shown(found[:USERS_A_PAGE]),
        typed={"q": sought},
        changes=CHANGES,
        newest_url=url_for("pages.show_users", **named) if before else None,
        older_url=url_for("pages.show_users", **named, before=cursor) if cursor else None,
    )


@pages.route(
    f"/users/<username>/<any({', '.join(map(repr, CHANGES))}):change>/", methods=["GET", "POST"]
)
def change_user(username: str, change: str) -> AnyResponse:
    """Change a user, after a confirmation."""
    wanted = CHANGES[change]
    if request.method != "POST":
        return _confirmation(username, wanted)
    try:
        user = changes.change(username, **wanted.values)
    except Problem as problem:
        if problem.code == 404:
            raise
        session().rollback()
        changed_nothing()
        return _confirmation(username, wanted, problem)
    flash(f"{user.username} {wanted.done}")
    return redirect(url_for("pages.show_users"))


def _confirmation(username: str, wanted: Change, problem: Problem | None = None) -> Response:
    user = changes.known(username)
    return page(
        "users/user_change",
        200 if problem is None else problem.code or 409,
        user=user,
        change=wanted,
        left=changes.left_behind(user) if wanted.values.get("disabled") else None,
        message=None if problem is None else problem.description,
    )
