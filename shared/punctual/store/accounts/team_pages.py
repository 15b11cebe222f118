"""A page of a list over several teams."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, TableValuedAlias, Uuid, cast, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY


def newest_ids(
    team_ids: Sequence[uuid.UUID],
    page_of: Callable[[ColumnElement[uuid.UUID]], Select[*tuple[Any, ...]]],
    *,
    newest_by: Sequence[str],
    page_size: int,
) -> Select[uuid.UUID]:
    """Return a statement for the `id` of the newest rows of these teams, newest first.

    `page_of` selects `id` and the columns `newest_by` of one team's rows. A page of each team is
    taken, and merged: `team_id = ANY (…)` would have PostgreSQL sort all rows of all teams.
    """
    each = _each_team(team_ids)
    newest = _newest_first(page_of(each.c.id), newest_by, page_size).lateral("page")
    merged = select(newest.c.id).select_from(each).join(newest, true())
    order = [newest.c[name].desc() for name in newest_by]
    return merged.order_by(*order).limit(page_size)


def _newest_first(
    page: Select[*tuple[Any, ...]], newest_by: Sequence[str], page_size: int
) -> Select[*tuple[Any, ...]]:
    order = [page.selected_columns[name].desc() for name in newest_by]
    return page.order_by(*order).limit(page_size)


def _each_team(team_ids: Sequence[uuid.UUID]) -> TableValuedAlias:
    ids = cast(list(team_ids), ARRAY(Uuid))
    return func.unnest(ids).table_valued("id").render_derived("each_team")
