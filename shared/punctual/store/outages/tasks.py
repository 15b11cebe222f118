"""The most affected tasks of each outage, for the list of outages."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.store.outages.outages import BECAME, Gap

# What windows count, they count over all tasks of the outage, and not over the few that are listed.
MOST_HARMED = text(f"""
SELECT o.id, h.* FROM (SELECT * FROM outages WHERE id = ANY(:ids)) AS o
CROSS JOIN LATERAL (
    SELECT c.task_id, t.name, t.deleted_at IS NOT NULL AS deleted, c.missed, c.late,
           count(*) OVER ()::int AS tasks,
           coalesce(sum(greatest(c.missed - c.backfilled, 0))
                    FILTER (WHERE t.deleted_at IS NULL) OVER (), 0)::int AS left_out
    FROM (
        SELECT b.task_id,
               coalesce(sum(b.times) FILTER (WHERE b.became = 'missed'), 0)::int AS missed,
               coalesce(sum(b.times) FILTER (WHERE b.became = 'late'), 0)::int AS late,
               coalesce(sum(b.times) FILTER (WHERE b.became = 'backfilled'), 0)::int AS backfilled
        FROM ({BECAME}) AS b GROUP BY b.task_id
    ) AS c JOIN tasks AS t ON t.id = c.task_id
    WHERE c.missed > 0 OR c.late > 0
    ORDER BY c.missed DESC, c.late DESC, lower(t.name), c.task_id LIMIT :most
) AS h
ORDER BY o.id, h.missed DESC, h.late DESC, lower(h.name), h.task_id
""")


class Harmed(NamedTuple):
    """A task with missed or late due times, and how many of each."""

    task_id: uuid.UUID
    name: str
    deleted: bool
    missed: int
    late: int


class Harm(NamedTuple):
    """The most affected tasks of an outage, their total number, and due times not yet run.

    `left_out` counts missed due times of tasks that still are, which no backfill has made up for.
    """

    most: list[Harmed]
    tasks: int
    left_out: int


def harm_of(
    connection: Connection, gaps: Sequence[Gap], *, team_ids: Sequence[uuid.UUID], most: int
) -> dict[uuid.UUID, Harm]:
    """Return the harm of each outage to the teams' tasks; harmless ones are left out."""
    params = {"ids": [gap.id for gap in gaps], "team_ids": list(team_ids), "most": most}
    found: dict[uuid.UUID, Harm] = {}
    for row in connection.execute(MOST_HARMED, params):
        harm = found.setdefault(row.id, Harm([], row.tasks, row.left_out))
        harm.most.append(Harmed(row.task_id, row.name, row.deleted, row.missed, row.late))
    return found
