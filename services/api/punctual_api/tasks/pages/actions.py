"""The buttons of a task and of a run: each does what the API's call of that name does."""

import uuid

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from punctual.domain.alerts.snooze import (
    WORDS,
    SnoozeChoice,
    chosen_snooze,
    zone_of_schedule,
)
from punctual.domain.errors import InvalidParams
from punctual.store.lifecycle import cancel, run_now
from punctual.store.tasks.changes import find_task
from punctual_api.alerts.snoozes import snooze_own
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import now, session, team_id, user_id
from punctual_api.http.problems import Fault, invalid, not_found
from punctual_api.http.request_hooks import made_run
from punctual_api.limits.team_limits import require_room_for_runs
from punctual_api.queues.allowed import require_queue_of
from punctual_api.runs.endpoints import own_run, record_run
from punctual_api.tasks.changes import enable_own
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


@pages.app_template_global()
def snooze_choices() -> list[tuple[str, str]]:
    """Return what the buttons of a snooze send and say."""
    return [(choice.value, words) for choice, words in WORDS.items()]


@pages.post("/task/<uuid:task_id>/snooze/")
def snooze_task(task_id: uuid.UUID) -> Response:
    """Send no alerts of a task for as long as the button says, or send them again."""
    task, wanted = own_task(task_id), request.form.get("for", "")
    if wanted == "":
        snooze_own(task, None)
        flash("Alerts of this task are sent again.")
    elif wanted in [*SnoozeChoice]:
        choice = SnoozeChoice(wanted)
        zone = zone_of_schedule(task.schedule)
        snooze_own(task, chosen_snooze(choice, now=now(), zone=zone))
        flash(f"No alerts of this task {WORDS[choice]}.")
    else:
        raise invalid([Fault("/for", f"One of {', '.join(SnoozeChoice)}, or nothing.")])
    return redirect(url_for("pages.show_task", task_id=task_id))


@pages.post("/run/<uuid:run_id>/cancel/")
def cancel_run(run_id: uuid.UUID) -> Response:
    """Cancel a run."""
    outcome = cancel.cancel_run(session().connection(), run_id=run_id, team_id=team_id())
    if outcome is None:
        raise not_found("run")
    if outcome == "final":
        changed_nothing()
        flash("It has already ended.", "warn")
    else:
        record_run(own_run(run_id))
    return redirect(url_for("pages.show_run", run_id=run_id))


@pages.post("/run/<uuid:run_id>/retry/")
def retry_run(run_id: uuid.UUID) -> Response:
    """Run the task of a run once more, as it is now."""
    run = own_run(run_id)
    task = find_task(session(), run.task_id, team_id=team_id())
    if task is None:
        raise not_found("task")
    require_queue_of(task)
    require_room_for_runs(task.team_id)
    try:
        new_id = run_now.retry_run(session().connection(), task=task, run=run, by=user_id())
    except InvalidParams:
        changed_nothing()
        flash("The task needs other values by now.", "warn")
        return redirect(url_for("pages.run_form", task_id=task.id))
    if new_id is None:
        changed_nothing()
        flash("It has not ended yet.", "warn")
    else:
        made_run(new_id)
        record_run(run, after={"run": new_id})
    return redirect(url_for("pages.show_run", run_id=new_id or run_id))


def _enable(task_id: uuid.UUID, *, enabled: bool, message: str) -> Response:
    enable_own(own_task(task_id), enabled=enabled)
    flash(message)
    return redirect(url_for("pages.show_task", task_id=task_id))
