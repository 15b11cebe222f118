"""Record what happens to access tokens, never the tokens themselves."""

from punctual.domain.audit.actions import Action
from punctual.store.accounts.audit import Subject
from punctual.store.schema.models import AccessToken
from punctual_api.accounts.names import name_of
from punctual_api.audit.recorder import Fields, record, record_account


def token_fields(token: AccessToken) -> Fields:
    """Return what the record has of a token that is made or ended."""
    return {"role": token.role, "expires_at": token.expires_at}


def record_token(
    token: AccessToken,
    *,
    before: Fields | None = None,
    after: Fields | None = None,
    action: Action | None = None,
) -> None:
    """Record an action on a token: with its team, or on the account of its user."""
    if token.team_id is not None:
        record(
            "token",
            token.id,
            token.name,
            before=before,
            after=after,
            team=token.team_id,
            action=action,
        )
    elif token.user_id is not None:
        record_account(
            token.user_id,
            name_of(token.user_id) or "",
            subject=Subject("token", token.id, token.name),
            before=before,
            after=after,
            action=action,
        )
