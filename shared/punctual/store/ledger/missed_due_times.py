"""Missed due times: reasons of the runs that the planner inserts as missed."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.domain.runs.states import RunState
from punctual.store.lifecycle.insert import NewRun
from punctual.store.processes.coordinator_stops import Stop, stops_at
from punctual.store.processes.database_silences import Silence, silences_at


def with_reasons(connection: Connection, runs: Sequence[NewRun]) -> list[NewRun]:
    """Return the runs, missed ones with their reason: the stop or silence that they lie in.

    One that has a reason keeps it.
    """
    missed = [run.due_at for run in runs if run.state == RunState.MISSED and run.reason is None]
    if not missed:
        return list(runs)
    stops = stops_at(connection, missed)
    silences = silences_at(connection, missed)
    return [_explained(run, stops.get(run.due_at), silences.get(run.due_at)) for run in runs]


def _explained(run: NewRun, stop: Stop | None, silence: Silence | None) -> NewRun:
    if run.state != RunState.MISSED or run.reason is not None:
        return run
    many = {} if run.until is None else {"times": run.times, "last": run.until}
    last = run.until or run.due_at
    if silence is not None and last < silence.to_at:
        reason = silence.reason(**many)
    elif stop is None or last >= stop.to_at:
        reason = coded(ReasonCode.NOT_PLANNED, **many)
    else:
        reason = coded(
            ReasonCode.NOTHING_RUNNING,
            services=["coordinator"],
            since=stop.from_at,
            until=stop.to_at,
            **many,
        )
    return replace(run, reason=reason)
