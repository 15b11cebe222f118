"""The form of an invitation, and the list of those to a team that are open."""

import uuid
from typing import Any

from flask import request

from punctual.store.accounts import invites
from punctual_api.http.context import session
from punctual_api.invites import changes
from punctual_api.invites.schemas import NewInviteSchema
from punctual_api.web.form_errors import refusals

BLANK_INVITE = {"invite_role": "viewer", "invite_email": ""}
SHOWN = 100


def invite_list(team: uuid.UUID) -> list[dict[str, Any]]:
    """Return the newest invitations to a team that are open, for a page."""
    return changes.shown(invites.list_invites(session(), team, limit=SHOWN, open_only=True))


def invite_by_form(team: uuid.UUID | None) -> changes.Created:
    """Return a new invitation, of the form that was sent; raises RefusedForm.

    Without a team it is one to the installation.
    """
    typed = {name: request.form.get(name, usual).strip() for name, usual in BLANK_INVITE.items()}
    role = None if team is None else typed["invite_role"]
    sent = {"role": role, "email": typed["invite_email"] or None}
    with refusals(typed, prefix="invite_"):
        return changes.create(team, **NewInviteSchema(exclude=("team",)).load(sent))
