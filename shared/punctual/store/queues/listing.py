"""Queues as admins see them: who may use each, which workers serve it, what waits there."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

MOST_QUEUES = 1000

# The queues of tasks are found one after the other in an index, however many tasks each has.
NAMES = """
    WITH RECURSIVE used (queue) AS (
        (SELECT queue FROM tasks WHERE queue <> 'default' AND deleted_at IS NULL
         ORDER BY queue LIMIT 1)
        UNION ALL
        SELECT (SELECT t.queue FROM tasks AS t
                WHERE t.queue <> 'default' AND t.deleted_at IS NULL AND t.queue > used.queue
                ORDER BY t.queue LIMIT 1)
        FROM used WHERE used.queue IS NOT NULL
    )
    (SELECT queue AS name FROM used WHERE queue IS NOT NULL LIMIT :most)
    UNION SELECT 'default' UNION SELECT name FROM queues
    UNION SELECT unnest(queues) FROM workers WHERE state = 'active'
"""

LIST = text(f"""
SELECT known.name, q.name IS NOT NULL AS is_closed,
       ARRAY(SELECT t.slug FROM teams AS t WHERE t.id = ANY (q.team_ids) ORDER BY t.slug) AS teams,
       ARRAY(SELECT w.name FROM workers AS w
             WHERE w.state = 'active' AND known.name = ANY (w.queues) ORDER BY w.name) AS workers,
       (SELECT coalesce(sum(w.slots), 0) FROM workers AS w
        WHERE w.state = 'active' AND known.name = ANY (w.queues)) AS slots,
       CASE WHEN q.name IS NULL THEN 0 ELSE (
           SELECT count(*) FROM runs AS r
           WHERE r.limited AND r.state IN ('scheduled', 'queued') AND r.queue = q.name
             AND r.due_at <= now() AND r.team_id <> ALL (q.team_ids)) END AS refused
FROM ({NAMES}) AS known LEFT JOIN queues AS q ON q.name = known.name
WHERE CAST(:name AS text) IS NULL OR known.name = :name
ORDER BY known.name <> 'default', known.name LIMIT :most
""")

BY_SLUG = text("SELECT id, lower(slug) AS slug FROM teams WHERE lower(slug) = ANY(:slugs)")


@dataclass(frozen=True, slots=True)
class KnownQueue:
    """A queue that a worker serves, that a task names, or that not every team may use.

    `teams` are the slugs of those that may, where it `is_closed` to others. `refused` counts the
    due runs of others, which do not start.
    """

    name: str
    is_closed: bool
    teams: Sequence[str]
    workers: Sequence[str]
    slots: int
    refused: int


def list_queues(connection: Connection, *, name: str | None = None) -> list[KnownQueue]:
    """Return the queues, the default one first; only that of this name if one is given."""
    rows = connection.execute(LIST, {"name": name, "most": MOST_QUEUES})
    return [KnownQueue(*row) for row in rows]


def team_ids_by_slug(connection: Connection, slugs: Sequence[str]) -> dict[str, uuid.UUID]:
    """Return the teams of these slugs, by slug in lower case; unknown ones are left out."""
    wanted = [slug.lower() for slug in slugs]
    return {row.slug: row.id for row in connection.execute(BY_SLUG, {"slugs": wanted})}
