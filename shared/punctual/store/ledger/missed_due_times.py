"""Missed due times: why the planner makes runs that are missed from the start."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.domain.runs.states import RunState
from punctual.store.lifecycle.insert import NewRun
from punctual.store.processes.coordinator_stops import Stop, stops_at


def with_reasons(connection: Connection, runs: Sequence[NewRun]) -> list[NewRun]:
    """Return the runs, each missed one with its reason: the stop that all it stands for lie in."""
    missed = [run.due_at for run in runs if run.state == RunState.MISSED]
    if not missed:
        return list(runs)
    stops = stops_at(connection, missed)
    return [_explained(run, stops.get(run.due_at)) for run in runs]


def _explained(run: NewRun, stop: Stop | None) -> NewRun:
    if run.state != RunState.MISSED:
        return run
    many = {} if run.until is None else {"times": run.times, "last": run.until}
    if stop is None or (run.until is not None and run.until >= stop.to_at):
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
