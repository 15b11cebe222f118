"""The dashboard: counts, what is due next, and the tasks page by page."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import floor
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for

from punctual.store.outages.outages import list_outages
from punctual.store.runs.punctuality import OnTime, on_time
from punctual.store.tasks.listing import STATUSES
from punctual.store.tasks.overview import counts, known_tags, next_due_tasks, strips
from punctual_api.http.context import now, session, team_ids
from punctual_api.outages.schemas import outage_document
from punctual_api.tasks.task_list import listed_tasks
from punctual_api.web.page_base import live_page, pages
from punctual_api.web.team_choice import chosen_team

TASKS_A_PAGE = 50
STRIP_RUNS = 12
NEXT_TASKS = 5


@pages.get("/dashboard/")
def dashboard() -> Response:
    """The user's tasks, newest first."""
    teams, connection = team_ids(), session().connection()
    filters = _filters()
    before = page_before()
    known = filters.get("status") in {None, *STATUSES}
    items, last = listed_tasks(
        page_size=TASKS_A_PAGE,
        before=before,
        status=filters.get("status"),
        tag=filters.get("tag"),
        q=filters.get("q"),
    )
    starts = on_time(connection, team_ids=teams)
    return live_page(
        "tasks/dashboard",
        200 if known else 422,
        errors={} if known else {"status": f"Choose one of {', '.join(STATUSES)}."},
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
        tags=known_tags(connection, team_ids=teams),
        newest_url=_url(filters) if before else None,
        older_url=_url({**filters, "before": str(last)}) if last else None,
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
    filters = {name: request.args.get(name, "").strip() for name in ("q", "status", "tag")}
    return {name: value.replace("\0", "")[:200] for name, value in filters.items() if value}


def page_before() -> uuid.UUID | None:
    """Return the task before the requested page; None for the first page."""
    try:
        return uuid.UUID(request.args.get("before", ""))
    except ValueError:
        return None
