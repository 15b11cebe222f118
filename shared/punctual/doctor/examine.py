"""All checks, in order; an unreachable server skips only the checks that need it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from punctual.doctor.finding import Finding, error, unseen
from punctual.doctor.mail import mail_findings
from punctual.doctor.processes import coordinator_findings, worker_findings
from punctual.doctor.queue import queue_findings
from punctual.doctor.queues import team_queue_findings
from punctual.doctor.room import disk_findings, write_findings
from punctual.doctor.secrets import secret_findings
from punctual.doctor.server import clock_finding, schema_finding, server_findings
from punctual.doctor.versions import isolation_findings, release_findings
from punctual.doctor.watch import watch_findings
from punctual.doctor.work import run_findings, task_findings
from punctual.ops.config import Settings
from punctual.store.driver.engine import make_engine

Look = Callable[[Connection, Settings], list[Finding]]

CHECKS: tuple[tuple[str, Look], ...] = (
    ("database writes", write_findings),
    ("coordinator", coordinator_findings),
    ("worker", worker_findings),
    ("watch", watch_findings),
    ("releases", release_findings),
    ("commands", isolation_findings),
    ("queues", team_queue_findings),
    ("secrets", secret_findings),
    ("runs", run_findings),
    ("tasks", task_findings),
)
"""Each on its own, as a service's role may look at some of it only."""


def examine(settings: Settings, *, folders: Sequence[Path] = ()) -> list[Finding]:
    """Return every finding; remove what was written. Takes seconds when servers are away.

    `folders` are where this machine needs room.
    """
    disks = disk_findings([*folders, settings.work_dir])
    return [*_database(settings), *_queue(settings), *mail_findings(settings), *disks]


def _database(settings: Settings) -> list[Finding]:
    engine = make_engine(settings.database_url, service="doctor", size=1)
    try:
        with engine.connect() as connection:
            found = server_findings(connection)
        found += _try("clock", engine, lambda c: [clock_finding(c)])
        tables = schema_finding(engine)
        found.append(tables)
        if tables.level != "error":
            for check, look in CHECKS:
                found += _try(check, engine, _with(settings, look))
    except SQLAlchemyError as failure:
        return [error("database", f"does not answer: {_sentence(failure)}")]
    else:
        return found
    finally:
        engine.dispose()


def _with(settings: Settings, look: Look) -> Callable[[Connection], list[Finding]]:
    return lambda connection: look(connection, settings)


def _try(check: str, engine: Engine, query: Callable[[Connection], list[Finding]]) -> list[Finding]:
    try:
        with engine.connect() as connection:
            return query(connection)
    except SQLAlchemyError as failure:
        if isinstance(getattr(failure, "orig", None), InsufficientPrivilege):
            return [unseen(check, "this role may not look; the API's may: ask there")]
        return [error(check, _sentence(failure))]


def _queue(settings: Settings) -> list[Finding]:
    try:
        return queue_findings(settings.redis_url, settings.namespace)
    except ValueError as failure:
        return [error("queue", f"PUNCTUAL_REDIS_URL: {failure}")]


def _sentence(failure: SQLAlchemyError) -> str:
    return str(getattr(failure, "orig", None) or failure).strip().replace("\n", " ")
