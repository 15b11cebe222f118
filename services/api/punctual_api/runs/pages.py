"""The page of one run, and what its command wrote."""

import re
import uuid

from flask import Response, request
from markupsafe import Markup

from punctual.domain.runs.states import FINAL
from punctual.store.anomalies.found import anomalies_of
from punctual.store.runs.blocked_by import waits_for
from punctual.store.runs.listing import attempts_of
from punctual.store.schema.models import Run
from punctual.store.tasks.changes import find_task
from punctual_api.accounts.names import name_of
from punctual_api.http.context import session, team_id
from punctual_api.http.problems import not_found
from punctual_api.runs.endpoints import own_run
from punctual_api.runs.live_output import output_of
from punctual_api.runs.narrative import sentence, timeline
from punctual_api.runs.output import output_answer
from punctual_api.runs.output_text import ShownOutput, shown_output
from punctual_api.web.page_base import live_page, pages
from punctual_api.web.reader import PAGE


@pages.get("/run/<uuid:run_id>/")
def show_run(run_id: uuid.UUID) -> Response:
    """One run: where it stands, its attempts, and the output of the last or of a chosen one."""
    run = own_run(run_id)
    task = find_task(session(), run.task_id, team_id=team_id(), deleted=True)
    if task is None:
        raise not_found("run")
    attempts = attempts_of(session(), run)
    output = _output(run, _attempt(run))
    return live_page(
        "runs/run",
        run=run,
        task=task,
        triggered_by=name_of(run.triggered_by),
        final=run.state in FINAL,
        cancelling=run.cancel_requested_at is not None,
        sentence=Markup(sentence(run, waits_for=waits_for(session(), run), reader=PAGE)),  # noqa: S704 - PAGE escapes
        timeline=timeline(run, attempts),
        attempts=attempts,
        output=output,
        anomalies=anomalies_of(session().connection(), run.id),
        spec=run.spec,
    )


@pages.get("/run/<uuid:run_id>/output/")
def run_output(run_id: uuid.UUID) -> Response:
    """The raw bytes of an attempt's output, of both streams or of one."""
    stream = request.args.get("stream")
    if stream not in (None, "stdout", "stderr"):
        raise not_found("stream")
    run = own_run(run_id)
    return output_answer(run, attempt=_attempt(run), stream=stream)


def _attempt(run: Run) -> int | None:
    """Return the requested attempt, or None without one; raises Problem 404."""
    typed = request.args.get("attempt", "")
    if not typed:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", typed) or not 1 <= int(typed) <= run.attempt:
        raise not_found("attempt")
    return int(typed)


def _output(run: Run, attempt: int | None) -> ShownOutput | None:
    found = output_of(run, attempt=attempt)
    return found and shown_output(found[0], size=found[1])
