"""The page of invitations to the installation, for admins, who see those to teams as well."""

from flask import Response, request, url_for

from punctual.store.accounts import invites
from punctual_api.http.context import session
from punctual_api.http.cursors import read_task_cursor, task_cursor
from punctual_api.http.problems import Fault
from punctual_api.invites import changes
from punctual_api.invites.form import BLANK_INVITE, invite_by_form
from punctual_api.web.form_errors import RefusedForm, by_field
from punctual_api.web.page_base import page, pages

INVITES_A_PAGE = 50


@pages.get("/invites/")
def show_invites() -> Response:
    """The invitations that are open, newest first, and the form of a new one."""
    return _page(BLANK_INVITE)


@pages.post("/invites/")
def invite_user() -> Response:
    """A new invitation, which opens a registration."""
    try:
        created = invite_by_form(None)
    except RefusedForm as refused:
        return _page(refused.typed, refused.faults)
    return _page(BLANK_INVITE, new_invite=created)


def _page(
    typed: dict[str, str],
    faults: list[Fault] | None = None,
    *,
    new_invite: changes.Created | None = None,
) -> Response:
    before = request.args.get("before") or None
    found = invites.list_invites(
        session(),
        None,
        limit=INVITES_A_PAGE + 1,
        before=read_task_cursor(before),
        open_only=True,
    )
    more = len(found) > INVITES_A_PAGE
    cursor = task_cursor(found[INVITES_A_PAGE - 1].id) if more else None
    errors, others = by_field(faults or (), BLANK_INVITE)
    return page(
        "users/invites",
        422 if faults else 200,
        invites=changes.shown(found[:INVITES_A_PAGE]),
        new_invite=new_invite,
        typed=typed,
        errors=errors,
        others=others,
        newest_url=url_for("pages.show_invites") if before else None,
        older_url=url_for("pages.show_invites", before=cursor) if cursor else None,
    )
