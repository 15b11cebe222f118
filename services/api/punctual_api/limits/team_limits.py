"""Limits of a team: how many tasks it may have, and how many runs that have not ended."""

import uuid
from collections.abc import Callable, Collection
from typing import NamedTuple

from flask import Flask, current_app
from sqlalchemy import Connection

from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual.store.accounts.team_usage import count_tasks, count_unfinished_runs, lock_usage
from punctual_api.http.context import session, team_slug
from punctual_api.http.problem_kinds import LIMIT_REACHED
from punctual_api.http.problems import Problem
from punctual_api.limits.headroom import Headroom

_EXTENSION = "punctual_team_limits"


class LimitReached(Problem):
    """A team has as many of something as it may have: 422, which says what to do."""


class _Limit(NamedTuple):
    name: str
    thing: str
    things: str
    advice: str
    setting: str
    count: Callable[..., int]


TASKS = _Limit(
    "tasks",
    "task",
    "tasks",
    "Delete some that are not needed any more",
    "PUNCTUAL_MAX_TASKS",
    count_tasks,
)
RUNS = _Limit(
    "unfinished_runs",
    "run that has not ended",
    "runs that have not ended",
    "Wait until some have ended, or cancel them",
    "PUNCTUAL_MAX_UNFINISHED_RUNS",
    count_unfinished_runs,
)


def limit_teams(app: Flask, settings: Settings) -> None:
    """Set up the limits of teams."""
    app.extensions[_EXTENSION] = {
        TASKS.name: Headroom(settings.max_tasks),
        RUNS.name: Headroom(settings.max_unfinished_runs),
    }


def require_room_for_tasks(connection: Connection, team_id: uuid.UUID, number: int = 1) -> None:
    """Raise LimitReached where the team may not have that many more tasks.

    `connection` is the one that creates them.
    """
    _require_room(TASKS, team_id, number, connection)


def require_room_for_runs(team_id: uuid.UUID, number: int = 1) -> None:
    """Raise LimitReached where the team may not have that many more unfinished runs."""
    if number:
        _require_room(RUNS, team_id, number, session().connection())


def refusals_of_move(team_id: uuid.UUID, *, tasks: int, runs: int) -> list[str]:
    """Return why that many tasks and unfinished runs cannot come to the team; empty: they can."""
    connection = session().connection()
    found = [
        _refusal(limit, team_id, number, connection)
        for limit, number in ((TASKS, tasks), (RUNS, runs))
        if number
    ]
    return [each for each in found if each]


def lock_limits(team_id: uuid.UUID) -> None:
    """Have tasks and runs of the team counted and made by this transaction alone."""
    for limit in (TASKS, RUNS):
        lock_usage(session().connection(), team_id, limit.name)


def check_runs_made(team_ids: Collection[uuid.UUID]) -> None:
    """Raise LimitReached where this transaction has made more runs than a team may have."""
    for team_id in sorted(team_ids):
        _require_room(RUNS, team_id, 0, session().connection())


def _require_room(limit: _Limit, team_id: uuid.UUID, number: int, connection: Connection) -> None:
    if refusal := _refusal(limit, team_id, number, connection):
        telemetry.LIMIT_REFUSALS.labels(limit.name).inc()
        raise LimitReached(422, refusal, kind=LIMIT_REACHED)


def _refusal(limit: _Limit, team_id: uuid.UUID, number: int, connection: Connection) -> str | None:
    """Count, near the limit one transaction after another; return why that many are too many.

    The connection is the one of the rows, so that those of this transaction count.
    """
    headroom: Headroom = current_app.extensions[_EXTENSION][limit.name]
    most = headroom.most
    if not most or (number == 1 and headroom.takes_one(team_id)):
        return None
    counted = limit.count(connection, team_id, most=most + 1)
    if headroom.note(team_id, counted + number):
        return None
    lock_usage(connection, team_id, limit.name)
    counted = limit.count(connection, team_id, most=most + 1)
    if counted + number <= most:
        return None
    return _sentence(limit, team_slug(team_id), number, counted, most)


def _sentence(limit: _Limit, team: str, number: int, counted: int, most: int) -> str:
    things = f"{most} {limit.thing if most == 1 else limit.things}"
    advice = f"{limit.advice}, or ask an operator to raise {limit.setting}."
    if not number:  # they are among those counted
        return f"{team} would have more than {things}, which is the most. {advice}"
    more = f", and this would add {number}" if number > 1 else ""
    if counted >= most:
        return f"{team} has {things}, which is the most{more}. {advice}"
    return f"{team} has {counted} of at most {things}{more}. {advice}"
