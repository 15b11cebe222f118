"""Structured logs: one JSON object a line on stderr, constant texts, ids as fields."""

import json
import logging
import sys
from typing import Any

import structlog

from punctual.json_text import as_text


def configure(*, service: str, name: str, level: str = "info") -> None:
    """Send this process's logs, and those of its libraries, to stderr as JSON lines.

    Fields: `timestamp` (UTC, ISO 8601), `level`, `event`, `service`, `instance`, then ids.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _stamp(service=service, instance=name),
    ]
    as_json: list[Any] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(_as_json),
    ]
    # Our own lines go straight to the stream: each request writes one, and the way through
    # `logging` costs twice as much.
    structlog.configure(
        processors=[*shared, *as_json],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *as_json],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(least)
    for chatty in ("apscheduler", "alembic", "dramatiq"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _as_json(event: Any, **_: Any) -> str:
    line = as_text(event)
    # The stream may be in an encoding of its own, so a line is ASCII.
    return line if line.isascii() else json.dumps(event, default=str)


def _stamp(**fields: str) -> Any:
    def stamp(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        event.update(fields)
        return event

    return stamp
