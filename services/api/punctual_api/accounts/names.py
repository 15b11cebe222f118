"""Names of users in answers, looked up once a request."""

import uuid
from collections.abc import Iterable

from flask import g

from punctual.store.accounts.names import token_name, usernames
from punctual_api.http.context import sender, session


def look_up_names(ids: Iterable[uuid.UUID | None]) -> None:
    """Look up these users at once, ahead of `name_of` for each; none is asked for twice."""
    known: dict[uuid.UUID, str | None] | None = g.get("usernames")
    if known is None:
        known = g.usernames = {sender().id: own_name()}
    if unknown := {user for user in ids if user is not None and user not in known}:
        found = usernames(session(), unknown)
        known |= {user: found.get(user) for user in unknown}


def name_of(user: uuid.UUID | None) -> str | None:
    """Return a user's name; None where none is on record."""
    if user is None:
        return None
    look_up_names([user])
    name: str | None = g.usernames[user]
    return name


def own_name() -> str:
    """Return the name of who sends this request, as events and lists show it."""
    user = sender()
    name: str = user.username
    return token_name(name) if user.id == user.token_id else name
