"""The page of an outage: what became of each task's due times, and backfill."""

import uuid

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from punctual.store.outages.outages import tasks_in_outage
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session, team_ids
from punctual_api.http.problems import Problem
from punctual_api.limits.team_limits import LimitReached
from punctual_api.outages.endpoints import known_outage, run_missed
from punctual_api.outages.schemas import report_document
from punctual_api.web.page_base import page, pages
from punctual_api.web.team_choice import chosen_team

TASKS_SHOWN = 200


@pages.get("/outages/<uuid:outage_id>/")
def show_outage(outage_id: uuid.UUID) -> Response:
    """An outage, and the viewer's tasks that were due in it."""
    gap = known_outage(outage_id)
    tasks = tasks_in_outage(session().connection(), gap, team_ids=team_ids())
    report = report_document(gap, tasks, most=TASKS_SHOWN)
    left_out = any(
        task.became["missed"] > task.became["backfilled"] for task in tasks if not task.deleted
    )
    hidden = max(len(tasks) - TASKS_SHOWN, 0)
    return page("outages/outage", outage=report, left_out=left_out, hidden=hidden)


@pages.post("/outages/<uuid:outage_id>/backfill/")
def backfill_outage_form(outage_id: uuid.UUID) -> AnyResponse:
    """Run the missed due times of the tasks that were ticked, or of all."""
    gap = known_outage(outage_id)
    back = redirect(url_for("pages.show_outage", outage_id=outage_id, team=chosen_team()))
    try:
        chosen = None
        if "all" not in request.form:
            chosen = [uuid.UUID(task) for task in request.form.getlist("task")]
        if chosen == []:
            changed_nothing()
            flash("Tick the tasks first.", "warn")
            return back
        made = run_missed(gap, chosen)
    except LimitReached as reached:
        session().rollback()
        changed_nothing()
        flash(str(reached.description), "bad")
        return back
    except (Problem, ValueError):
        changed_nothing()
        flash("One of these tasks was not due in this outage.", "bad")
        return back
    count = sum(map(len, made.runs.values()))
    more = " There are more: ask again." if made.more else ""
    flash(f"{count} {'run was' if count == 1 else 'runs were'} made.{more}")
    return back
