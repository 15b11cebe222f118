"""The buttons of a task and of a run: each does what the API's call of that name does."""

import uuid

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from punctual.domain.errors import InvalidParams
from punctual.store.driver.notify import wake_if_due
from punctual.store.lifecycle import cancel, run_now
from punctual.store.tasks.changes import find_task, set_enabled
from punctual_api.http.context import now, session, team_id, user_id, window
from punctual_api.http.problems import not_found
from punctual_api.http.request_hooks import made_run
from punctual_api.runs.endpoints import own_run
from punctual_api.tasks.endpoints import own_task
from punctual_api.web.page_base import pages


@pages.post("/task/<uuid:task_id>/pause/")
def pause_task(task_id: uuid.UUID) -> Response:
    """Have a task start nothing by itself."""
    return _enable(task_id, enabled=False, message="Paused: its schedule starts no runs.")


@pages.post("/task/<uuid:task_id>/resume/")
def resume_task(task_id: uuid.UUID) -> Response:
    """Let a paused task run on."""
    return _enable(task_id, enabled=True, message="Resumed: its schedule starts runs again.")


@pages.post("/run/<uuid:run_id>/cancel/")
def cancel_run(run_id: uuid.UUID) -> Response:
    """Cancel a run."""
    outcome = cancel.cancel_run(session().connection(), run_id=run_id, team_id=team_id())
    if outcome is None:
        raise not_found("run")
    if outcome == "final":
        flash("It has already ended.", "warn")
    return redirect(url_for("pages.show_run", run_id=run_id))


@pages.post("/run/<uuid:run_id>/retry/")
def retry_run(run_id: uuid.UUID) -> Response:
    """Run the task of a run once more, as it is now."""
    run = own_run(run_id)
    task = find_task(session(), run.task_id, team_id=team_id())
    if task is None:
        raise not_found("task")
    try:
        new_id = run_now.retry_run(session().connection(), task=task, run=run, by=user_id())
    except InvalidParams:
        flash("The task needs other values by now.", "warn")
        return redirect(url_for("pages.run_form", task_id=task.id))
    if new_id is None:
        flash("It has not ended yet.", "warn")
    else:
        made_run(new_id)
    return redirect(url_for("pages.show_run", run_id=new_id or run_id))


def _enable(task_id: uuid.UUID, *, enabled: bool, message: str) -> Response:
    task, instant = own_task(task_id), now()
    set_enabled(session(), task, enabled=enabled, now=instant, by=user_id())
    wake_if_due(session().connection(), task.next_due_at, now=instant, window=window())
    flash(message)
    return redirect(url_for("pages.show_task", task_id=task_id))
