"""Read the audit record, newest first: a page of it through one index for each team."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    func,
    null,
    select,
    tuple_,
    union_all,
)

from punctual.store.accounts.team_pages import newest_ids
from punctual.store.schema.models import AuditEvent

COLUMNS = AuditEvent.__table__.c
UTC_TIME = func.timezone("UTC", COLUMNS.at)
"""What the index of all events has in place of `at`."""

Condition = ColumnElement[bool]
Event = Row[*tuple[Any, ...]]
Page = Select[*tuple[Any, ...]]
"""Of `id` and `at`."""


class Place(NamedTuple):
    """An event's place in the list."""

    at: datetime
    id: uuid.UUID


class Scope(NamedTuple):
    """Whose events are listed: those of teams, and those of an account; all without teams."""

    team_ids: Sequence[uuid.UUID] | None
    account_id: uuid.UUID | None = None


class Filters(NamedTuple):
    """Which of them; None leaves a filter out."""

    actor_id: uuid.UUID | None = None
    action: str | None = None
    object_id: uuid.UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_events(
    connection: Connection,
    scope: Scope,
    filters: Filters,
    *,
    page_size: int,
    before: Place | None = None,
    with_ids: bool = False,
) -> Sequence[Event]:
    """Return at most `page_size` events, newest first, those before a place.

    An event of many objects may have 10,000 `object_ids`: they are null but for `with_ids`.
    """
    found = union_all(
        *(
            select(page.subquery())
            for of_object in _of_object(filters.object_id)
            for page in _pages(scope, filters, of_object, page_size, before)
        )
    ).subquery("found")
    newest = select(found.c.id).order_by(found.c.at.desc(), found.c.id.desc()).limit(page_size)
    ids = COLUMNS.object_ids if with_ids else null().label("object_ids")
    shown: list[ColumnElement[Any]] = [one for one in COLUMNS if one is not COLUMNS.object_ids]
    events = select(*shown, ids).where(COLUMNS.id.in_(newest))
    return connection.execute(events.order_by(COLUMNS.at.desc(), COLUMNS.id.desc())).all()


def _of_object(object_id: uuid.UUID | None) -> list[list[Condition]]:
    """Return the two ways in which an event is about an object; each has its own index."""
    if object_id is None:
        return [[]]
    # Without the offset PostgreSQL may read the ids of every event of a team.
    of_many = select(COLUMNS.id).where(COLUMNS.object_ids.contains([object_id])).offset(0)
    return [[COLUMNS.object_id == object_id], [COLUMNS.id.in_(of_many)]]


def _pages(
    scope: Scope,
    filters: Filters,
    of_object: list[Condition],
    page_size: int,
    before: Place | None,
) -> Iterator[Page]:
    """Yield statements, the newest events of whose results together are the page."""
    if scope.team_ids is None:
        has_index = any((filters.actor_id, filters.action, filters.object_id))
        at = COLUMNS.at if has_index else UTC_TIME
        yield _newest([*_conditions(filters, before, at=at), *of_object], page_size, at=at)
        return
    chosen = [*_conditions(filters, before), *of_object]
    yield _of_teams(scope.team_ids, chosen, page_size)
    if scope.account_id is not None:
        yield _newest([COLUMNS.account_id == scope.account_id, *chosen], page_size)


def _of_teams(team_ids: Sequence[uuid.UUID], chosen: Sequence[Condition], page_size: int) -> Page:
    """Return a page of each team's events; of one alone, PostgreSQL knows how many it has."""
    if len(team_ids) == 1:
        return _newest([COLUMNS.team_id == team_ids[0], *chosen], page_size)

    def page_of(team_id: ColumnElement[uuid.UUID]) -> Page:
        return select(COLUMNS.id, COLUMNS.at).where(COLUMNS.team_id == team_id, *chosen)

    ids = newest_ids(team_ids, page_of, newest_by=("at", "id"), page_size=page_size)
    return select(COLUMNS.id, COLUMNS.at).where(COLUMNS.id.in_(ids))


def _newest(
    conditions: Sequence[Condition], page_size: int, *, at: ColumnElement[Any] = COLUMNS.at
) -> Page:
    newest = select(COLUMNS.id, COLUMNS.at).where(*conditions)
    return newest.order_by(at.desc(), COLUMNS.id.desc()).limit(page_size)


def _conditions(
    filters: Filters, before: Place | None, *, at: ColumnElement[Any] = COLUMNS.at
) -> list[Condition]:
    wanted = {
        COLUMNS.actor_id: filters.actor_id,
        COLUMNS.action: filters.action,
    }
    conditions = [column == value for column, value in wanted.items() if value is not None]
    if filters.since is not None:
        conditions.append(at >= _as(at, filters.since))
    if filters.until is not None:
        conditions.append(at < _as(at, filters.until))
    if before is not None:
        conditions.append(tuple_(at, COLUMNS.id) < tuple_(_as(at, before.at), before.id))
    return conditions


def _as(at: ColumnElement[Any], instant: datetime) -> Any:
    """Return an instant as the column, or the expression, `at` has it."""
    return instant if at is COLUMNS.at else func.timezone("UTC", instant)
