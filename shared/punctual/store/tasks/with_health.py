"""Tasks by health: which have one of some, and all of them with the worst first."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, String, Uuid, cast, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from punctual.domain.runs.health import Health
from punctual.store.schema.models import Task, TaskHealth


class Position(NamedTuple):
    """The last task of a page; with its health, where that decides the order."""

    task_id: uuid.UUID
    health: Health | None = None


def page_with_health(
    session: Session,
    tasks: Select[*tuple[Any, ...]],
    *,
    team_ids: Sequence[uuid.UUID],
    healths: Collection[Health],
    before: Position | None,
    page_size: int,
) -> list[uuid.UUID]:
    """Return the ids of the newest of `tasks` that have one of these healths, newest first.

    A page of each team and each health is read by its index, and merged.
    """
    teams = func.unnest(cast(list(team_ids), ARRAY(Uuid))).table_valued("id")
    wanted = func.unnest(cast(list(healths), ARRAY(String))).table_valued("health")
    team, one = teams.render_derived("each_team"), wanted.render_derived("each_health")
    page = tasks.join(TaskHealth, TaskHealth.task_id == Task.id).where(
        TaskHealth.team_id == team.c.id, TaskHealth.health == one.c.health
    )
    if before is not None:
        page = page.where(TaskHealth.task_id < before.task_id)
    newest = page.order_by(TaskHealth.task_id.desc()).limit(page_size).lateral("page")
    merged = select(newest.c.id).select_from(team).join(one, true()).join(newest, true())
    return list(session.scalars(merged.order_by(newest.c.id.desc()).limit(page_size)))


def worst_first(
    session: Session,
    tasks: Select[*tuple[Any, ...]],
    *,
    team_ids: Sequence[uuid.UUID],
    healths: Collection[Health],
    before: Position | None,
    page_size: int,
) -> list[uuid.UUID]:
    """Return the ids of `tasks` with the worst health first, and of each health the newest.

    One statement for each health, until the page is full.
    """
    found: list[uuid.UUID] = []
    order = [health for health in Health if not healths or health in healths]
    if before is not None and before.health is not None:
        worse = list(Health).index(before.health)
        order = [health for health in order if list(Health).index(health) >= worse]
    for health in order:
        is_first = before is not None and health == before.health
        found += page_with_health(
            session,
            tasks,
            team_ids=team_ids,
            healths=[health],
            before=before if is_first else None,
            page_size=page_size - len(found),
        )
        if len(found) >= page_size:
            break
    return found
