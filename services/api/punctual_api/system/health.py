"""Health: alive, and ready (with reasons when not)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

import redis
from flask import Blueprint, Flask, Response, current_app, jsonify
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from punctual.messaging.socket_limits import with_socket_limits
from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual.store.driver.engine import connect_args, driver_url
from punctual.store.processes.health_summary import Overdue, late_after, overdue
from punctual.store.schema.migrate import behind
from punctual_api.http.database_watch import DatabaseWatch
from punctual_api.http.timed_call import TimedCall
from punctual_api.system import metrics

blueprint = Blueprint("health", __name__)

PROCESSES = text("""
SELECT (SELECT count(*) FROM coordinators
        WHERE heartbeat_at > now() - :lease * interval '1 second') AS coordinators,
       (SELECT count(*) FROM workers
        WHERE state = 'active' AND heartbeat_at > now() - :lease * interval '1 second') AS workers
""")

ANSWER_SECONDS = 3.0
"""How long a probe waits for a server; readiness probes seldom wait much longer."""
FRESH_SECONDS = 5
"""How old readiness's connection may be: a stopping server still serves those that are open."""

NOT_ACCEPTING = re.compile(r"FATAL: +(the database system is [a-z ]+)")


@dataclass(frozen=True, slots=True)
class ApiHealth:
    """Why this service is not ready, what is degraded, and how many processes are alive."""

    reasons: list[str]
    degraded: dict[str, str]
    alive: dict[str, int]


class Probe:
    """Checks the database and the queue on separate connections: a busy pool is no outage."""

    def __init__(self, settings: Settings) -> None:
        self._lease = settings.lease_seconds
        self._late = late_after(sweep_seconds=settings.sweep_seconds)
        limits = connect_args(service="readyz", statement_timeout_ms=2000)
        connect = partial(
            create_engine,
            driver_url(settings.database_url),
            pool_size=1,
            max_overflow=1,
            pool_timeout=2,
            pool_pre_ping=True,
            connect_args={**limits, "connect_timeout": 2},
        )
        self.engine: Engine = connect()  # metrics and the watch may connect at once
        self._own: Engine = connect(pool_recycle=FRESH_SECONDS)
        self._redis = redis.Redis.from_url(
            with_socket_limits(settings.redis_url, seconds=1),
            retry=Retry(NoBackoff(), 0),
        )
        self._current = False
        self._database = TimedCall(self._query_database, seconds=ANSWER_SECONDS)
        self._queue = TimedCall(self._ping_queue, seconds=ANSWER_SECONDS)

    def check(self, *, database_is_away: bool) -> ApiHealth:
        """Return whether this service can work, and how the others get on.

        A server that is frozen and answers nothing at all costs ANSWER_SECONDS, and is asked again
        only when it has answered.
        """
        found = None if database_is_away else self._database.result()
        health = found or ApiHealth(["database: does not answer in time"], {}, {})
        queue = self._queue.result()
        if queue is None:
            queue = {"queue": "does not answer in time"}
        return replace(health, degraded={**health.degraded, **queue})

    def _query_database(self) -> ApiHealth:
        try:
            outdated = None if self._current else behind(self._own)
            self._current = outdated is None
            if outdated:
                return ApiHealth([f"database: {outdated}"], {}, {})
            with self._own.connect() as connection:
                row = connection.execute(PROCESSES, {"lease": self._lease}).one()
                alive = {"coordinators": row.coordinators, "workers": row.workers}
                late = _late(overdue(connection), after=self._late)
                return ApiHealth([], self._missing(alive) | late, alive)
        except SQLAlchemyError as error:
            telemetry.DATABASE_ERRORS.inc()
            found = NOT_ACCEPTING.search(str(error))
            why = f"takes no new connection: {found[1]}" if found else _silence(error)
            return ApiHealth([f"database: {why}"], {}, {})

    def _missing(self, alive: Mapping[str, int]) -> dict[str, str]:
        """Name the services of which none has sent a heartbeat for a whole lease."""
        without = {"coordinators": "nothing new is planned", "workers": "nothing starts"}
        return {
            kind: f"no heartbeat for {self._lease:g} s: {effect}"
            for kind, effect in without.items()
            if not alive[kind]
        }

    def _ping_queue(self) -> dict[str, str]:
        try:
            self._redis.ping()
        except (redis.RedisError, OSError) as error:
            telemetry.REDIS_ERRORS.inc()
            # Only hints travel through it: everything that this service does works without.
            full = isinstance(error, redis.ResponseError) and str(error).startswith("MISCONF")
            return {"queue": f"refuses writes ({error})" if full else _silence(error)}
        return {}

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()
        self._own.dispose()
        self._redis.close()


def watch_health(app: Flask, settings: Settings) -> None:
    """Answer /healthz, /readyz and /metrics."""
    probe = cache(lambda: Probe(settings))
    app.extensions["punctual_probe"] = probe
    app.extensions["punctual_stand"] = cache(lambda: metrics.HealthCache(probe().engine, settings))
    app.register_blueprint(blueprint)
    app.register_blueprint(metrics.blueprint)


@blueprint.get("/healthz")
def healthz() -> Response:
    """This process answers; nothing else is checked."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """The database is reachable, and the tables are this release's.

    What this service can do without is named in `degraded`.
    """
    watch: DatabaseWatch = current_app.extensions["punctual_database_watch"]
    probe: Probe = current_app.extensions["punctual_probe"]()
    health = probe.check(database_is_away=watch.is_away)
    degraded = sorted(health.degraded)
    details = [f"{name}: {detail}" for name, detail in sorted(health.degraded.items())]
    if health.reasons:
        reasons = [*health.reasons, *details]
        response = jsonify({"status": "unavailable", "reasons": reasons, "degraded": degraded})
        response.status_code = 503
        return response
    if degraded:
        more = {"degraded": degraded, "reasons": details}
        return jsonify({"status": "ready", **health.alive, **more})
    return jsonify({"status": "ready", **health.alive})


def _silence(error: Exception) -> str:
    return f"does not answer ({type(error).__name__})"


def _late(found: Overdue, *, after: float) -> dict[str, str]:
    """Name what should have got on by now."""
    late: dict[str, str] = {}
    if found.unplanned > after:
        late["planning"] = f"due times of {found.unplanned:.0f} s ago are not planned"
    state, seconds = max(found.runs.items(), key=lambda item: item[1])
    if seconds > after:
        late["starts"] = f"a {state} run is {seconds:.0f} s overdue"
    return late
