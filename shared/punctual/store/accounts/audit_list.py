"""Read the audit record, newest first: a page of it through one index for each team."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, tuple_, union_all

from punctual.store.accounts.team_pages import newest_ids
from punctual.store.schema.models import AuditEvent

EVENTS = AuditEvent.__table__
COLUMNS = EVENTS.c
UTC_TIME = func.timezone("UTC", COLUMNS.at)
"""What the index of all events has in place of `at`."""

Condition = ColumnElement[bool]


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
) -> Sequence[Row[Any]]:
    """Return at most `page_size` events, newest first, those before a place."""
    if scope.team_ids is None:
        has_index = any((filters.actor_id, filters.action, filters.object_id))
        at = COLUMNS.at if has_index else UTC_TIME
        return connection.execute(
            _newest(_conditions(filters, before, at=at), page_size, at=at)
        ).all()
    chosen = _conditions(filters, before)
    parts = [_of_teams(scope.team_ids, chosen, page_size)]
    if scope.account_id is not None:
        own = _newest([COLUMNS.account_id == scope.account_id, *chosen], page_size)
        parts.append(select(own.subquery("of_account")))
    found = union_all(*parts).subquery("found")
    merged = select(found).order_by(found.c.at.desc(), found.c.id.desc()).limit(page_size)
    return connection.execute(merged).all()


def _of_teams(
    team_ids: Sequence[uuid.UUID], chosen: Sequence[Condition], page_size: int
) -> Select[Any]:
    """Return a page of each team's events; of one alone, PostgreSQL knows how many it has."""
    if len(team_ids) == 1:
        own = _newest([COLUMNS.team_id == team_ids[0], *chosen], page_size)
        return select(own.subquery("of_team"))

    def page_of(team_id: ColumnElement[uuid.UUID]) -> Select[Any]:
        return select(COLUMNS.id, COLUMNS.at).where(COLUMNS.team_id == team_id, *chosen)

    ids = newest_ids(team_ids, page_of, newest_by=("at", "id"), page_size=page_size)
    return select(EVENTS).where(COLUMNS.id.in_(ids))


def _newest(
    conditions: Sequence[Condition], page_size: int, *, at: ColumnElement[Any] = COLUMNS.at
) -> Select[Any]:
    newest = select(EVENTS).where(*conditions)
    return newest.order_by(at.desc(), COLUMNS.id.desc()).limit(page_size)


def _conditions(
    filters: Filters, before: Place | None, *, at: ColumnElement[Any] = COLUMNS.at
) -> list[Condition]:
    wanted = {
        COLUMNS.actor_id: filters.actor_id,
        COLUMNS.action: filters.action,
        COLUMNS.object_id: filters.object_id,
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
