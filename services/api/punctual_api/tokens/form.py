"""The form of a new access token, and the list under it, on the pages of accounts and teams."""

from datetime import timedelta
from typing import Any

from flask import request
from marshmallow import ValidationError

from punctual.store.accounts import access_tokens
from punctual.store.accounts.access_tokens import Owner
from punctual_api.http.context import now, session, settings
from punctual_api.tokens import changes
from punctual_api.tokens.schemas import NewAccessTokenSchema
from punctual_api.web.form_errors import refusals

BLANK_TOKEN = {"token_name": "", "token_role": "", "token_days": "90"}
MOST_SHOWN = 1000
"""Where the number of tokens has no limit."""
DAYS = ("30", "90", "365", "")


def token_list(owner: Owner) -> list[dict[str, Any]]:
    """Return the newest tokens of an owner for a page: as many as there can be, and some more."""
    most = (settings().max_tokens or MOST_SHOWN) + 100
    found = changes.shown(list(access_tokens.list_tokens(session(), owner, limit=most)))
    instant = now()
    return [
        {**token, "expired": token["expires_at"] is not None and token["expires_at"] <= instant}
        for token in found
    ]


def create_by_form(owner: Owner) -> str:
    """Return a new token in clear, made of the form that was sent; raises RefusedForm."""
    typed = {name: request.form.get(name, "").strip() for name in BLANK_TOKEN}
    with refusals(typed, prefix="token_"):
        values = NewAccessTokenSchema(only=("name", "role")).load(
            {"name": typed["token_name"], "role": typed["token_role"] or None}
        )
        _, token = changes.create(owner, **values, expires_at=_end(typed["token_days"]))
    return token


def _end(days: str) -> Any:
    if days not in DAYS:
        raise ValidationError({"days": ["Choose one of these."]})
    return now() + timedelta(days=int(days)) if days else None
