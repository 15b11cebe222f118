"""Record what happens to invitations, never their codes."""

from punctual.domain.audit.actions import Action
from punctual.store.accounts.audit import Actor, Subject
from punctual.store.schema.models import Invite
from punctual_api.audit.recorder import Fields, record, record_installation

ANY_ADDRESS = "for any address"


def invite_fields(invite: Invite) -> Fields:
    """Return what the record has of an invitation that is made or ended."""
    return {"role": invite.role, "registers": invite.registers, "expires_at": invite.expires_at}


def record_invite(
    invite: Invite,
    *,
    before: Fields | None = None,
    after: Fields | None = None,
    action: Action | None = None,
    by: Actor | None = None,
) -> None:
    """Record an action on an invitation, which has the name of the address that may use it."""
    name = invite.email or ANY_ADDRESS
    if invite.team_id is None:
        subject = Subject("invite", invite.id, name)
        record_installation(subject, before=before, after=after, action=action, by=by)
    else:
        record(
            "invite",
            invite.id,
            name,
            before=before,
            after=after,
            team=invite.team_id,
            action=action,
            by=by,
        )
