"""Slots of teams: how many runs of a team may run at once, over all workers.

They are a limit of all runs of the team that admins set: a row of concurrency_limits with the
team's id, which the trigger team_slots writes where a team is created or changed. So what plans,
dispatches and starts runs treats it like any limit, and costs nothing where there is none.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.runs.concurrency import Limit, limit_reached, slots_taken
from punctual.domain.runs.reasons import CodedReason
from punctual.store.concurrency.usage import count_running, mark_limited
from punctual.store.driver.notify import wake_coordinators

SET_DEFAULT = text("""
INSERT INTO slot_default (max_slots) VALUES (:most)
ON CONFLICT (id) DO UPDATE SET max_slots = :most WHERE slot_default.max_slots <> :most
""")

SHOULD_BE = """
    SELECT t.id, nullif(coalesce(t.max_slots, d.max_slots), 0) AS most
    FROM teams AS t LEFT JOIN slot_default AS d ON true
"""

# Teams whose limit is not what it should be: the default has changed, or they were created at the
# instant in which it did.
CORRECT = text(f"""
WITH should AS ({SHOULD_BE}), dropped AS (
    DELETE FROM concurrency_limits AS l USING should AS s
    WHERE l.id = s.id AND l.slots AND s.most IS NULL
    RETURNING l.id
), kept AS (
    INSERT INTO concurrency_limits (id, team_id, max_concurrent, slots)
    SELECT s.id, s.id, s.most, true FROM should AS s
    LEFT JOIN concurrency_limits AS l ON l.id = s.id
    WHERE s.most IS DISTINCT FROM l.max_concurrent AND s.most IS NOT NULL
    ON CONFLICT (id) DO UPDATE SET max_concurrent = excluded.max_concurrent
    RETURNING id
)
SELECT id, true AS holds FROM kept UNION ALL SELECT id, false FROM dropped ORDER BY id
""")

MOST = text("SELECT max_concurrent FROM concurrency_limits WHERE id = :team_id AND slots")

SLUGS = text("SELECT id, slug FROM teams WHERE id = ANY(:ids)")


class SlotUse(NamedTuple):
    """How many runs of a team are running, and how many may at once; None: any number."""

    running: int
    most: int | None


def set_default(connection: Connection, most: int) -> list[uuid.UUID]:
    """Give each team without a number of its own that many slots; return the teams it changes."""
    connection.execute(SET_DEFAULT, {"most": most})
    return correct_slots(connection)


def correct_slots(connection: Connection) -> list[uuid.UUID]:
    """Bring each team's limit to what it should be; return the teams whose limit was not."""
    changed = connection.execute(CORRECT).all()
    for row in changed:
        if row.holds:
            mark_limited(connection, team_id=row.id)
    if changed:
        wake_coordinators(connection)
    return [row.id for row in changed]


def slots_changed(connection: Connection, team_id: uuid.UUID) -> None:
    """Have a team's unfinished runs follow a change of its own number; those that run go on."""
    mark_limited(connection, team_id=team_id)
    wake_coordinators(connection)


def slot_use(connection: Connection, team_id: uuid.UUID) -> SlotUse:
    """Return how many slots a team uses, of how many."""
    most = connection.execute(MOST, {"team_id": team_id}).scalar_one_or_none()
    if most is None:
        return SlotUse(0, None)
    return SlotUse(count_running(connection, [team_id]).get(f"limit {team_id}", 0), most)


def slugs_of(connection: Connection, limits: Iterable[Limit]) -> dict[str, str]:
    """Return the slugs of the teams whose slots are among these limits, by the limit's key."""
    keys = {limit.key for limit in limits if limit.slots}
    if not keys:
        return {}
    ids = [uuid.UUID(key.removeprefix("limit ")) for key in keys]
    return {f"limit {row.id}": row.slug for row in connection.execute(SLUGS, {"ids": ids})}


def reached_reason(limit: Limit, slugs: Mapping[str, str], running: int) -> CodedReason:
    """Return why a limit keeps a run back, in which `running` are; `slugs` as of `slugs_of`."""
    if not limit.slots:
        return limit_reached(limit)
    return slots_taken(limit, team=slugs.get(limit.key, "?"), running=running)
