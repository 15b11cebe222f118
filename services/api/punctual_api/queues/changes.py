"""What admins do with queues; API and pages call the same functions."""

from collections.abc import Sequence

from punctual.domain.runs.queue import QUEUE_RULE, is_queue
from punctual.store.accounts.audit import Subject
from punctual.store.queues.closed import lock_queues, set_teams
from punctual.store.queues.listing import KnownQueue, list_queues, team_ids_by_slug
from punctual_api.audit.recorder import record_installation
from punctual_api.http.context import session
from punctual_api.http.fields import unstorable
from punctual_api.http.problems import Fault, invalid, not_found
from punctual_api.queues.allowed import forget_default_queue


def known_queue(name: str) -> KnownQueue:
    """Return the queue of that name; raises Problem 404."""
    found = list_queues(session().connection(), name=name) if is_queue(name) else []
    if not found:
        raise not_found("queue")
    return found[0]


def let_teams_use(name: str, slugs: Sequence[str]) -> KnownQueue | None:
    """Let these teams alone use a queue, or with none every team.

    Return the queue; None when nothing uses it any more. Raises Problem 422 for a team or a name
    that cannot be.
    """
    if not is_queue(name):
        raise invalid([Fault("/name", QUEUE_RULE)])
    connection = session().connection()
    teams = team_ids_by_slug(connection, [slug for slug in slugs if not unstorable(slug)])
    unknown = [
        Fault(f"/teams/{place}", f"There is no team {slug}.")
        for place, slug in enumerate(slugs)
        if slug.lower() not in teams
    ]
    if unknown:
        raise invalid(unknown)
    lock_queues(connection)
    before = next(iter(list_queues(connection, name=name)), None)
    set_teams(connection, name, sorted(teams.values()))
    forget_default_queue()
    after = next(iter(list_queues(connection, name=name)), None)
    record_installation(
        Subject("queue", None, name),
        before={"teams": list(before.teams) if before else []},
        after={"teams": list(after.teams) if after else []},
    )
    return after
