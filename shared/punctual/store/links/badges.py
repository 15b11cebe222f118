"""What a badge shows: the health of a task, or the worst of a team's tasks or of a tag's."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.runs.health import Health
from punctual.store.links.opened import OpenedLink

ORDER = (
    *(Health.FAILING, Health.MISSED, Health.LATE, Health.SUSPICIOUS),
    *(Health.OK, Health.UNKNOWN, Health.PAUSED),
)
"""Which health of several is shown; one that is known comes before those that are not."""
MOST_COUNTED = 1000
MOST_TAGGED = 10_000

OF_TASK = text("SELECT health, 1 FROM task_health WHERE task_id = :task_id")

# Look-ups in an index, however many tasks the team has.
OF_TEAM = text("""
SELECT h.health, (SELECT count(*)::int FROM (
    SELECT FROM task_health WHERE team_id = :team_id AND health = h.health LIMIT :most) AS capped)
FROM unnest(CAST(:order AS text[])) WITH ORDINALITY AS h (health, place)
WHERE EXISTS (SELECT FROM task_health WHERE team_id = :team_id AND health = h.health)
ORDER BY h.place LIMIT 1
""")

OF_TAG = text("""
WITH tagged AS MATERIALIZED (
    SELECT id, team_id FROM tasks
    WHERE tags @> ARRAY[CAST(:tag AS text)] AND deleted_at IS NULL LIMIT :most_tagged
)
SELECT health, least(count(*), :most)::int
FROM tagged JOIN task_health ON task_id = id WHERE tagged.team_id = :team_id
GROUP BY health ORDER BY array_position(CAST(:order AS text[]), health) LIMIT 1
""")


class Shown(NamedTuple):
    """A health, and how many tasks have it, 1,000 at most."""

    health: Health
    tasks: int


def health_of(connection: Connection, link: OpenedLink) -> Shown:
    """Return what a badge shows; unknown where there is no task."""
    params: dict[str, Any] = {"team_id": link.team_id, "order": list(ORDER), "most": MOST_COUNTED}
    if link.task_id is not None:
        found = connection.execute(OF_TASK, {"task_id": link.task_id}).one_or_none()
    elif link.tag is None:
        found = connection.execute(OF_TEAM, params).one_or_none()
    else:
        params |= {"tag": link.tag, "most_tagged": MOST_TAGGED}
        found = connection.execute(OF_TAG, params).one_or_none()
    return Shown(Health.UNKNOWN, 0) if found is None else Shown(Health(found[0]), found[1])
