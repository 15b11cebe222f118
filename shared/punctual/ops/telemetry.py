"""Metrics that the services count, under names that dashboards and alerts rely on.

Each service is one process per port (the API runs threads, not several processes), so the plain
registry is enough: no multiprocess mode, no files.

docs/operate/metrics.md lists each with its labels, who reports it and which alert watches it. What
only the database knows is a `Figure`: the API reads it whenever it is asked for its metrics.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

LATENESS_BUCKETS = (
    *(0.001, 0.002, 0.003, 0.005, 0.0075),
    *(0.01, 0.02, 0.03, 0.05, 0.075),
    *(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)

HTTP_REQUESTS = Counter(
    "punctual_http_requests", "Requests answered", ["method", "route", "status"]
)
HTTP_SECONDS = Histogram(
    "punctual_http_request_seconds", "Time to answer a request", ["method", "route"]
)
RUNS_FINISHED = Counter("punctual_runs_finished", "Runs that became final", ["state"])
RUN_LATENESS = Histogram(
    "punctual_run_lateness_seconds", "Actual start minus due time", buckets=LATENESS_BUCKETS
)
CYCLE_SECONDS = Histogram("punctual_cycle_seconds", "Time a coordinator's cycle takes")
CYCLE_AGE = Gauge("punctual_cycle_age_seconds", "Time since a coordinator's last finished cycle")
RUNS_PLANNED = Counter("punctual_runs_planned", "Runs inserted from schedules")
RUNS_DISPATCHED = Counter("punctual_runs_dispatched", "Runs queued and published")
RUNS_REDISPATCHED = Counter("punctual_runs_redispatched", "Runs published again, not claimed yet")
RUNS_CLAIMED = Counter("punctual_runs_claimed", "Runs a worker took into its hands")
RUNS_RELEASED = Counter("punctual_runs_released", "Claimed runs a worker gave back unstarted")
RUNS_RETRIED = Counter("punctual_runs_retried", "Attempts that ended and are tried again")
RUNS_REAPED = Counter("punctual_runs_reaped", "Runs taken from dead workers", ["outcome"])
BURIED_WORKERS = Counter("punctual_buried_workers", "Workers declared dead")
HEARTBEAT_AGE = Gauge("punctual_heartbeat_age_seconds", "Time since this worker's last heartbeat")
CLOCK_OFFSET = Gauge(
    "punctual_clock_offset_seconds", "The database's clock minus this worker's, as it is used"
)
WORKER_SLOTS = Gauge("punctual_worker_slots", "Runs this worker may have running at once")
WORKER_ROOM = Gauge("punctual_worker_room", "Slots of this worker that no run is in")
ISOLATION = Gauge("punctual_isolation", "What holds commands in: 1 where it is in force", ["what"])
DATABASE_ERRORS = Counter("punctual_database_errors", "Statements the database failed to answer")
LIMIT_REFUSALS = Counter(
    "punctual_limit_refusals", "Requests refused because a limit was reached", ["limit"]
)
MAILS = Counter("punctual_mails", "Mails that were to be sent", ["kind", "outcome"])
PINGS = Counter("punctual_pings", "Pings of runs to monitors outside", ["outcome"])
ALERT_DELIVERIES = Counter(
    "punctual_alert_deliveries", "Attempts to deliver messages of alerts", ["kind", "outcome"]
)
ALERT_SECONDS = Histogram(
    "punctual_alert_delivery_seconds", "Time of an attempt to deliver a message", ["kind"]
)
ALERTS_WAITING = Gauge(
    "punctual_alert_deliveries_waiting", "Messages that wait for their time or another attempt"
)
REDIS_ERRORS = Counter("punctual_redis_errors", "Commands Redis failed to answer")
DUTY_FAILURES = Counter(
    "punctual_duty_failures", "Turns of a coordinator's duty that an error ended", ["duty"]
)
PROGRESS_AGE = Gauge(
    "punctual_progress_age_seconds", "Time since a loop of this process last turned", ["loop"]
)
LOG_LINES_LOST = Counter(
    "punctual_log_lines_lost", "Log lines that could not be written, as on a full disk"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A gauge about the whole product, the same from every API; labels may split it."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


COORDINATORS = Figure("punctual_coordinators", "Coordinators whose heartbeat is fresh")
WORKERS = Figure("punctual_workers", "Workers that take runs and whose heartbeat is fresh")
UNFINISHED_RUNS = Figure("punctual_unfinished_runs", "Runs that have not ended", ("state",))
OLDEST_QUEUED = Figure(
    "punctual_oldest_queued_seconds", "How long the queued run due first is overdue"
)
OVERDUE = Figure(
    "punctual_overdue_seconds",
    "How long the oldest run of a state is overdue; running: those whose start is not on record",
    ("state",),
)
UNPLANNED = Figure(
    "punctual_oldest_unplanned_seconds", "How long the oldest due time is past that is not planned"
)
PLAN_ERRORS = Figure("punctual_plan_errors", "Tasks that cannot be planned")
UNHEALTHY_TASKS = Figure(
    "punctual_unhealthy_tasks", "Tasks of a team that are not well", ("team", "health")
)
STARTS = Figure("punctual_starts_30_days", "Starts of the last 30 days whose attempt has ended")
ON_TIME_STARTS = Figure("punctual_on_time_starts_30_days", "Those at most 1 s after their due time")
ON_TIME_RATIO = Figure("punctual_on_time_ratio_30_days", "The share of these; absent without any")
FIGURES = (
    *(COORDINATORS, WORKERS, UNFINISHED_RUNS, OLDEST_QUEUED),
    *(OVERDUE, UNPLANNED, PLAN_ERRORS, UNHEALTHY_TASKS),
    *(STARTS, ON_TIME_STARTS, ON_TIME_RATIO),
)
Samples = dict[Figure, Mapping[tuple[str, ...], float]]
"""What figures are: by the values of their labels."""


class HealthServer(ThreadingHTTPServer):
    """Answers probes; does not log a client that disconnects during an answer."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: the serving thread must not end because standard error is full."""


_JSON = "application/json"
_READY: dict[str, object] = {"status": "ready"}


def exposition(samples: Samples | None = None) -> tuple[bytes, str]:
    """Return every metric, and these samples, in Prometheus' text format; and its content type."""
    figures = CollectorRegistry()
    for figure, values in (samples or {}).items():
        gauge = Gauge(figure.name, figure.help, figure.labels, registry=figures)
        for labels, number in values.items():
            (gauge.labels(*labels) if labels else gauge).set(number)
    return generate_latest() + generate_latest(figures), CONTENT_TYPE_LATEST


def serve(
    port: int, ready: Callable[[], list[str]], alive: Mapping[str, object] | None = None
) -> ThreadingHTTPServer | None:
    """Answer /healthz, /readyz and /metrics on `port` from a daemon thread; 0 serves nothing.

    /healthz also shows `alive`. `ready` answers the reasons why this process cannot work
    now; none means 200, any 503.
    Stop the server with its `shutdown` and `server_close`. Raises OSError when the port is taken.
    """
    if port == 0:
        return None

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/healthz":
                self._answer(200, json.dumps({"status": "ok", **(alive or {})}).encode(), _JSON)
            elif path == "/readyz":
                reasons = ready()
                state = {"status": "unavailable", "reasons": reasons} if reasons else _READY
                self._answer(503 if reasons else 200, json.dumps(state).encode(), _JSON)
            elif path == "/metrics":
                self._answer(200, *exposition())
            else:
                self._answer(404, b"not found\n", "text/plain")

        def _answer(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Log nothing: probes come every few seconds."""

    server = HealthServer(("0.0.0.0", port), Handler)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
