"""The whole examination, in order; what cannot be reached ends only what needs it."""

from collections.abc import Callable

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from punctual.config import Settings
from punctual.doctor.finding import Finding, error
from punctual.doctor.processes import process_findings
from punctual.doctor.queue import queue_findings
from punctual.doctor.server import clock_finding, schema_finding, server_findings
from punctual.store.engine import make_engine


def examine(settings: Settings) -> list[Finding]:
    """Every finding; nothing is changed anywhere. It takes seconds when servers are away."""
    return [*_database(settings), *_queue(settings)]


def _database(settings: Settings) -> list[Finding]:
    try:
        engine = make_engine(settings.database_url, service="doctor", size=1)
    except ArgumentError:
        return [error("database", "PUNCTUAL_DATABASE_URL is not the URL of a PostgreSQL database")]
    try:
        with engine.connect() as connection:
            found = server_findings(connection)
        found += _try("clock", engine, lambda c: [clock_finding(c)])
        tables = schema_finding(engine)
        found.append(tables)
        if tables.level != "error":
            found += _try("processes", engine, lambda c: process_findings(c, settings))
    except SQLAlchemyError as failure:
        return [error("database", f"does not answer: {_sentence(failure)}")]
    else:
        return found
    finally:
        engine.dispose()


def _try(check: str, engine: Engine, ask: Callable[[Connection], list[Finding]]) -> list[Finding]:
    try:
        with engine.connect() as connection:
            return ask(connection)
    except SQLAlchemyError as failure:
        return [error(check, _sentence(failure))]


def _queue(settings: Settings) -> list[Finding]:
    try:
        return queue_findings(settings.redis_url)
    except ValueError as failure:
        return [error("queue", f"PUNCTUAL_REDIS_URL: {failure}")]


def _sentence(failure: SQLAlchemyError) -> str:
    return str(getattr(failure, "orig", None) or failure).strip().replace("\n", " ")
