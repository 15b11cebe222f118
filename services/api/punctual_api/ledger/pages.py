"""Pages of a task's due times: explanations, the ledger, pauses, backfill."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.errors import InvalidSchedule
from punctual.domain.instant import format_instant, parse_instant
from punctual.domain.runs.ledger import Reason
from punctual.domain.schedules.local_time import clock_change_warning, local_instant
from punctual.store.ledger.backfill import Missing
from punctual.store.ledger.entries import list_ledger
from punctual.store.ledger.why import Explanation, why
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import find_task
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import now, session, settings, team_id
from punctual_api.http.problems import Problem, not_found
from punctual_api.ledger.backfill import backfill_own, missing_of
from punctual_api.ledger.backfill_schemas import MOST_RUNS
from punctual_api.ledger.schemas import ledger_document
from punctual_api.tasks.changes import enable_own
from punctual_api.tasks.endpoints import own_task
from punctual_api.web.page_base import page, pages
from punctual_api.web.paging import instant_before, microseconds
from punctual_api.web.reader import PAGE

ROWS_A_PAGE = 50
BLANK = {"at": "", "zone": "UTC", "until": "", "until_zone": "UTC"}
RANGE = {"start": "", "end": "", "range_zone": "UTC"}


@pages.get("/task/<uuid:task_id>/due-times/")
def due_times_page(task_id: uuid.UUID) -> Response:
    """Show why a due time was not started on time, and the task's ledger."""
    task = _known(task_id)
    typed = _typed(BLANK, request.args)
    errors: dict[str, str] = {}
    answer = None
    if typed["at"]:
        at = _read(typed, "at", "zone", errors)
        answer = None if at is None else _why(task, at)
    return _page(task, typed, errors, answer)


@pages.post("/task/<uuid:task_id>/pause-until/")
def pause_until(task_id: uuid.UUID) -> AnyResponse:
    """Pause a task; it resumes by itself at the time that was typed."""
    task, typed, instant = own_task(task_id), _typed(BLANK, request.form), now()
    errors: dict[str, str] = {}
    until = _read(typed, "until", "until_zone", errors)
    if until is not None and until <= instant:
        errors["until"] = "A pause must end in the future."
    if until is None or errors:
        return _page(task, typed, errors)
    enable_own(task, enabled=False, until=until)
    flash("Paused: it resumes by itself at that time.")
    return redirect(url_for("pages.show_task", task_id=task_id))


@pages.get("/task/<uuid:task_id>/backfill/")
def backfill_form(task_id: uuid.UUID) -> Response:
    """Which due times of a range never had a start: a look before they are run."""
    task, typed, errors = _known(task_id), _typed(RANGE, request.args), dict[str, str]()
    if "start" not in request.args:
        return _backfill_page(task, typed, errors)
    start = _read(typed, "start", "range_zone", errors)
    end = _read(typed, "end", "range_zone", errors)
    if start is None or end is None:
        return _backfill_page(task, typed, errors)
    if end < start:
        return _backfill_page(task, typed, {"end": "The end comes before the start."})
    try:
        missing = missing_of(task, start, end, most=MOST_RUNS, at=now())
    except Problem as problem:
        return _backfill_page(task, typed, {"start": problem.faults[0].detail})
    return _backfill_page(task, typed, errors, missing)


@pages.post("/task/<uuid:task_id>/backfill/")
def backfill_task(task_id: uuid.UUID) -> AnyResponse:
    """Run the due times that the look has shown."""
    task, at = own_task(task_id), now()
    try:
        start, end = (parse_instant(request.form.get(key), pointer="") for key in ("from", "to"))
    except InvalidSchedule:
        changed_nothing()
        flash("This is no range of times: choose it again.", "bad")
        return redirect(url_for("pages.backfill_form", task_id=task_id))
    runs = backfill_own(task, missing_of(task, start, end, most=MOST_RUNS, at=at), at=at)
    flash(f"{len(runs)} {'run was' if len(runs) == 1 else 'runs were'} made.")
    return redirect(url_for("pages.show_task", task_id=task_id))


def _known(task_id: uuid.UUID) -> Task:
    task = find_task(session(), task_id, team_id=team_id())
    if task is None:
        raise not_found("task")
    return task


def _typed(blank: Mapping[str, str], sent: Mapping[str, str]) -> dict[str, str]:
    return {name: sent.get(name, value).strip() for name, value in blank.items()}


def _read(
    typed: Mapping[str, str], field: str, zone: str, errors: dict[str, str]
) -> datetime | None:
    try:
        instant = local_instant(typed[field], typed[zone])
        if warning := clock_change_warning(typed[field], typed[zone]):
            flash(warning, "warn")
    except InvalidSchedule as error:
        errors[zone if error.pointer == "/at_zone" else field] = error.detail
        return None
    return instant


def _why(task: Task, at: datetime) -> Explanation:
    keep = timedelta(days=settings().retention_days)
    return why(session(), task, at=at, keep=keep, now=now(), reader=PAGE)


def _page(
    task: Task,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    answer: Explanation | None = None,
) -> Response:
    reason = request.args.get("reason", "")
    known = reason in {"", *Reason}
    errors = errors if known else {**errors, "reason": f"Choose one of {', '.join(Reason)}."}
    rows = (
        []
        if not known
        else list_ledger(
            session().connection(),
            task_id=task.id,
            page_size=ROWS_A_PAGE + 1,
            before=instant_before(),
            reason=reason or None,
        )
    )
    own = url_for("pages.due_times_page", task_id=task.id, reason=reason or None)
    older = None
    if len(rows) > ROWS_A_PAGE:
        last = rows[ROWS_A_PAGE - 1].scheduled_for
        before = microseconds(last)
        older = url_for(
            "pages.due_times_page", task_id=task.id, reason=reason or None, before=before
        )
    return page(
        "ledger/due_times",
        422 if errors else 200,
        task=task,
        typed=typed,
        errors=errors,
        answer=answer,
        rows=[ledger_document(row, PAGE) for row in rows[:ROWS_A_PAGE]],
        reason=reason,
        reasons=list(Reason),
        newest_url=own if "before" in request.args else None,
        older_url=older,
    )


def _backfill_page(
    task: Task,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    missing: Missing | None = None,
) -> Response:
    span = None
    if missing is not None and missing.due:
        span = (format_instant(missing.due[0]), format_instant(missing.due[-1]))
    return page(
        "ledger/backfill",
        422 if errors else 200,
        task=task,
        typed=typed,
        errors=errors,
        missing=missing,
        span=span,
    )
