"""Open the link in the address of a request, which has no user."""

from flask.globals import app_ctx

from punctual.domain.links import PREFIXES, LinkKind
from punctual.store.links.opened import OpenedLink, open_link
from punctual_api.http.context import connection, remember_now
from punctual_api.http.problems import not_found
from punctual_api.limits.request_limit import count_request


def opened(kind: LinkKind, token: str) -> OpenedLink:
    """Return the link of a token, and note its team for the view; raises Problem 404 and 429.

    Each link has the requests a minute of a user for itself.
    """
    found = open_link(connection(), kind, token) if token.startswith(PREFIXES[kind]) else None
    if found is None:
        raise not_found(kind.value)
    count_request(found.id, "This address has received")
    remember_now(found.now)
    if found.team_id is not None:
        app_ctx.g.team_id = found.team_id
    return found
