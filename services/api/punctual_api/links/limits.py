"""How many links a task, a team or a user may have."""

import uuid

from punctual.domain.links import MOST_LINKS, LinkKind
from punctual.ops import telemetry
from punctual.store.links.changes import count_links
from punctual_api.http.context import session
from punctual_api.http.problems import limit_reached


def require_room(kind: LinkKind, owner: str, **column: uuid.UUID) -> None:
    """Raise Problem 422 where the owner has as many links of this kind as it may have."""
    most = MOST_LINKS[kind]
    if count_links(session(), kind, **column) >= most:
        telemetry.LIMIT_REFUSALS.labels(f"{kind}s").inc()
        raise limit_reached(
            f"{owner} has {most} {kind}s, which is the most. End one that is not used any more.",
            status=422,
        )
