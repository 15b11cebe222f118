"""Output of a run: stored at its end, or fetched from its worker while it runs."""

import threading
import time

from punctual.domain.runs.states import RunState
from punctual.store.runs.listing import bytes_written, find_output
from punctual.store.runs.live_output import find_live_output, output_is_pending, request_output
from punctual.store.schema.models import LiveOutput, Output, Run
from punctual_api.http.context import session
from punctual_api.http.database import db

WAIT_SECONDS = 0.5
"""A worker answers within some 20 ms; an unreachable one must not delay the page."""

LOOK_EVERY_SECONDS = 0.01


def output_of(run: Run, *, attempt: int | None) -> tuple[Output | LiveOutput, int] | None:
    """What an attempt wrote, by default the last that wrote anything, and its size in full."""
    if run.state == RunState.RUNNING and attempt in (None, run.attempt):
        _bring(run)
        live = find_live_output(session(), run.id, attempt=run.attempt)
        # If the attempt has ended since, its stored output is complete.
        if live is not None and find_output(session(), run.id, run.attempt) is None:
            return live, live.output_bytes
    output = find_output(session(), run.id, attempt)
    if output is None:
        return None
    return output, bytes_written(session(), run, output.attempt)


def _bring(run: Run) -> None:
    # On a connection apart: a notice goes out when its transaction is committed.
    with db.engine.connect() as connection:
        requested_at = request_output(connection, run_id=run.id)
        connection.commit()
        if requested_at is None:
            return
        until, pause = time.monotonic() + WAIT_SECONDS, threading.Event()
        while output_is_pending(connection, run_id=run.id, requested_at=requested_at):
            connection.rollback()
            if time.monotonic() > until:
                return
            pause.wait(LOOK_EVERY_SECONDS)
