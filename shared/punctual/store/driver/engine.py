"""Engines whose connections detect a dead server and never wait without a limit."""

from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from punctual.store.driver.dialect import quick_url
from punctual.store.driver.error_values import hide_values_of
from punctual.store.driver.plan_hints import WORKER_SETTINGS

STATEMENT_TIMEOUT_MS = 15_000
LOCK_TIMEOUT_MS = 5_000
IDLE_TRANSACTION_TIMEOUT_MS = 30_000

SHORT = ("coordinator", "worker")
"""Services whose transactions are short, so that they feel each round trip."""

event.listen(Engine, "handle_error", hide_values_of)

DATABASE_FAILURES = (DBAPIError, PoolTimeoutError)
"""What a statement raises that the database did not carry out, or had no connection for."""


def connect_args(
    *, service: str, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS
) -> dict[str, Any]:
    """Return the arguments of every connection: timeouts of the client and the server.

    A peer that vanished is noticed in about 10 s (keepalives, unacknowledged data).
    """
    limits = {
        "statement_timeout": statement_timeout_ms,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_TRANSACTION_TIMEOUT_MS,
        "timezone": "UTC",
        "application_name": f"punctual-{service}",
    }
    if _kind(service) == "worker":
        limits |= WORKER_SETTINGS
    return {
        "connect_timeout": 5,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }


def driver_url(database_url: str) -> str:
    """Return the URL with the driver named; `postgres://` and `postgresql://` mean psycopg2."""
    url = make_url(database_url.replace("postgres://", "postgresql://", 1))
    return url.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def pool_options(
    *, service: str, size: int, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS
) -> dict[str, Any]:
    """Return the options shared by our own engines and Flask-SQLAlchemy's."""
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_size": size,
        "max_overflow": size,
        "pool_timeout": 5,
        "pool_recycle": 1800,
        "connect_args": connect_args(service=service, statement_timeout_ms=statement_timeout_ms),
    }


def make_engine(
    database_url: str,
    *,
    service: str,
    size: int = 4,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
) -> Engine:
    """Return an engine with READ COMMITTED transactions and at most `2 * size` connections."""
    options = pool_options(service=service, size=size, statement_timeout_ms=statement_timeout_ms)
    url = driver_url(database_url)
    return create_engine(quick_url(url) if _kind(service) in SHORT else url, **options)


def _kind(service: str) -> str:
    return service.partition("-")[0]


def driver_message(error: Exception) -> str:
    """Return the driver's message: SQLAlchemy's contains the statement."""
    return str(getattr(error, "orig", None) or error).strip()


def ping(engine: Engine) -> None:
    """Raise SQLAlchemy's OperationalError unless the database answers."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
