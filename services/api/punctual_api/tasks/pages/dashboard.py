"""The dashboard: counts, what is due next, and the tasks page by page."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import floor
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for

from punctual.domain.runs.health import Health
from punctual.store.health.counts import count_with_health
from punctual.store.outages.outages import list_outages
from punctual.store.runs.punctuality import OnTime, on_time
from punctual.store.tasks.listing import STATUSES
from punctual.store.tasks.overview import counts, known_tags, next_due_tasks, strips
from punctual.store.tasks.with_health import Position
from punctual_api.http.context import now, session, team_ids
from punctual_api.http.cursors import position_cursor, read_position
from punctual_api.http.problems import Problem
from punctual_api.outages.schemas import outage_document
from punctual_api.tasks.schemas.lists import NEWEST, SORTS
from punctual_api.tasks.task_list import listed_tasks
from punctual_api.web.page_base import live_page, pages
from punctual_api.web.team_choice import chosen_team

TASKS_A_PAGE = 50
STRIP_RUNS = 12
NEXT_TASKS = 5
CHOICES = ("q", "status", "health", "tag", "sort")


@pages.get("/dashboard/")
def dashboard() -> Response:
    """The user's tasks, those first that are failing or else not well."""
    teams, connection = team_ids(), session().connection()
    filters = _filters()
    errors = _errors(filters)
    by_health = filters.get("sort") != NEWEST
    before = _page_after(by_health=by_health)
    health = filters.get("health") if "health" not in errors else None
    items, last = listed_tasks(
        page_size=TASKS_A_PAGE,
        before=before,
        status=filters.get("status"),
        healths=[Health(health)] if health else (),
        by_health=by_health,
        tag=filters.get("tag"),
        q=filters.get("q"),
    )
    starts = on_time(connection, team_ids=teams)
    return live_page(
        "tasks/dashboard",
        422 if errors else 200,
        errors=errors,
        items=items,
        outages=_outages(now()),
        filters=filters,
        before=before,
        counts=counts(connection, team_ids=teams),
        on_time=starts,
        share=on_time_share(starts),
        next_due=next_due_tasks(connection, team_ids=teams, size=NEXT_TASKS),
        strips=strips(connection, task_ids=[task["id"] for task in items], size=STRIP_RUNS),
        statuses=STATUSES,
        healths=list(Health),
        failing=count_with_health(connection, Health.FAILING, team_ids=teams),
        tags=known_tags(connection, team_ids=teams),
        newest_url=_url(filters) if before else None,
        older_url=_url({**filters, "before": position_cursor(last)}) if last else None,
    )


def _outages(now: datetime) -> list[dict[str, Any]]:
    """Return the outages of the last day that left a due time of the viewer's missed."""
    since = now - timedelta(days=1)
    found = list_outages(session().connection(), team_ids=team_ids(), page_size=3, since=since)
    return [
        outage_document(one) for one in found if one.became["missed"] > one.became["backfilled"]
    ]


def on_time_share(numbers: OnTime) -> str:
    """Return how many starts in a hundred were on time, never rounded up to a hundred: "99.9 %"."""
    if not numbers.starts:
        return ""
    percent = floor(1000 * numbers.on_time / numbers.starts) / 10
    return f"{percent:.1f} %".replace(".0 ", " ")


def _url(query: Mapping[str, str]) -> str:
    if team := chosen_team():
        query = {**query, "team": team}
    path = url_for("pages.dashboard")
    return f"{path}?{urlencode(query)}" if query else path


def _filters() -> dict[str, str]:
    filters = {name: request.args.get(name, "").strip() for name in CHOICES}
    return {name: value.replace("\0", "")[:200] for name, value in filters.items() if value}


def _errors(filters: Mapping[str, str]) -> dict[str, str]:
    allowed = {"status": STATUSES, "health": list(Health), "sort": SORTS}
    return {
        name: f"Choose one of {', '.join(values)}."
        for name, values in allowed.items()
        if name in filters and filters[name] not in values
    }


def _page_after(*, by_health: bool) -> Position | None:
    """Return the position after which the requested page begins; None for the first page."""
    try:
        return read_position(request.args.get("before"), by_health=by_health)
    except Problem:
        return None


def page_before() -> uuid.UUID | None:
    """Return the task before the requested page; None for the first page."""
    try:
        return uuid.UUID(request.args.get("before", ""))
    except ValueError:
        return None
