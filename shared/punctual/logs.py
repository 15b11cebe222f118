"""Structured logs: one JSON object a line on stderr, constant texts, ids as fields."""

import logging
import sys
from typing import Any

import structlog


def configure(*, service: str, name: str, level: str = "info") -> None:
    """Send this process's logs, and those of its libraries, to stderr as JSON lines.

    Fields: `timestamp` (UTC, ISO 8601), `level`, `event`, `service`, `instance`, then ids.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _stamp(service=service, instance=name),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("apscheduler", "alembic", "dramatiq"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _stamp(**fields: str) -> Any:
    def stamp(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        return {**event, **fields}

    return stamp
