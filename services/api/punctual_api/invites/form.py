"""The form of an invitation to a team, and the list of those that are open, on the team's page."""

import uuid
from typing import Any

from flask import request
from marshmallow import ValidationError

from punctual.store.accounts import invites
from punctual_api.http.context import now, session
from punctual_api.http.problems import Fault, Problem, faults_in
from punctual_api.invites import changes
from punctual_api.invites.schemas import NewInviteSchema

BLANK_INVITE = {"invite_role": "viewer", "invite_email": ""}
SHOWN = 100


class RefusedInvite(Exception):
    """An invitation was not made: `faults` says why, at the fields of the form."""

    def __init__(self, typed: dict[str, str], faults: list[Fault]) -> None:
        super().__init__()
        self.typed = typed
        self.faults = faults


def invite_list(team: uuid.UUID) -> list[dict[str, Any]]:
    """Return the newest invitations to a team that are open, for a page."""
    found = changes.shown(invites.list_invites(session(), team, limit=SHOWN))
    instant = now()
    return [one for one in found if one["used_at"] is None and one["expires_at"] > instant]


def invite_by_form(team: uuid.UUID) -> str:
    """Return the address of a new invitation, of the form that was sent; raises RefusedInvite."""
    typed = {name: request.form.get(name, usual).strip() for name, usual in BLANK_INVITE.items()}
    sent = {"role": typed["invite_role"], "email": typed["invite_email"] or None}
    try:
        _, code = changes.create(team, **NewInviteSchema(exclude=("team",)).load(sent))
    except ValidationError as error:
        raise RefusedInvite(typed, _of_form(list(faults_in(error.messages)))) from None
    except Problem as problem:
        session().rollback()
        faults = list(problem.faults) or [Fault("", str(problem.description))]
        raise RefusedInvite(typed, _of_form(faults)) from None
    return changes.url_of(code)


def _of_form(faults: list[Fault]) -> list[Fault]:
    """Return faults at the names that the form gives the fields."""
    return [
        Fault(f"/invite_{one.pointer[1:]}" if one.pointer else "", one.detail) for one in faults
    ]
