"""/metrics: this process's metrics, and those of the whole product."""

import time
from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, Response, current_app
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual.store.processes.health_summary import HealthSummary, summarize_health
from punctual_api.http.timed_call import TimedCall

blueprint = Blueprint("metrics", __name__)

FRESH_SECONDS = 5.0
ANSWER_SECONDS = 3.0
"""How long a scrape waits for the database."""


class HealthCache:
    """Reads the health summary from the database, at most every 5 s for all callers."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._call = TimedCall(self._read, seconds=ANSWER_SECONDS)
        self._until = 0.0
        self._last: HealthSummary | None = None

    def summary(self) -> HealthSummary | None:
        """Return how things stand; None while the database does not answer."""
        if time.monotonic() >= self._until:
            self._last = self._call.result()
            self._until = time.monotonic() + FRESH_SECONDS
        return self._last

    def _read(self) -> HealthSummary | None:
        try:
            with self._engine.connect() as connection:
                return summarize_health(connection, lease=self._lease)
        except SQLAlchemyError:
            telemetry.DATABASE_ERRORS.inc()
            return None


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus' text format; without a database, what needs it is left out."""
    found: HealthSummary | None = current_app.extensions["punctual_stand"]().summary()
    body, content_type = telemetry.exposition(_samples(found) if found else {})
    return Response(body, content_type=content_type)


def _samples(found: HealthSummary) -> telemetry.Samples:
    samples: telemetry.Samples = {
        telemetry.COORDINATORS: {(): found.coordinators},
        telemetry.WORKERS: {(): found.workers},
        telemetry.OLDEST_QUEUED: {(): found.overdue.runs["queued"]},
        telemetry.UNFINISHED_RUNS: _by_one(found.unfinished),
        telemetry.OVERDUE: _by_one(found.overdue.runs),
        telemetry.UNPLANNED: {(): found.overdue.unplanned},
        telemetry.PLAN_ERRORS: {(): found.plan_errors},
        telemetry.UNHEALTHY_TASKS: found.unhealthy,
        telemetry.STARTS: {(): found.on_time.starts},
        telemetry.ON_TIME_STARTS: {(): found.on_time.on_time},
    }
    if found.on_time.ratio is not None:
        samples[telemetry.ON_TIME_RATIO] = {(): found.on_time.ratio}
    return samples


def _by_one(values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(label,): value for label, value in values.items()}
