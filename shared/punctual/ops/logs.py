"""Structured logs: one JSON object a line on stderr, constant texts, ids as fields.

Logging never fails the work: neither what is logged nor where it goes can raise (`log_stream`).
"""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import structlog

from punctual.ops.json_text import as_text
from punctual.ops.log_stream import LogStream
from punctual.ops.third_party_logs import line_of

log = structlog.get_logger()

METHODS = ("debug", "info", "warning", "error", "critical", "exception")


def configure(*, service: str, name: str, level: str = "info") -> None:
    """Send this process's logs, and those of its libraries, to stderr as JSON lines.

    Fields: `timestamp` (UTC, ISO 8601), `level`, `event`, `service`, `instance`, then ids.
    Whatever else is written to stderr goes the same way, so that no writer can fail on it.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    stamp = {"service": service, "instance": name}
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _stamp(stamp),
    ]
    as_json: list[Any] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(_as_json),
    ]
    stream = LogStream(sys.stderr, report=lambda lines: _lost_line(lines, stamp))
    sys.stderr = stream
    # Our own lines go straight to the stream: each request writes one, and the way through
    # `logging` costs twice as much.
    structlog.configure(
        processors=[*shared, *as_json],
        wrapper_class=_guarded(least, stream, stamp),
        logger_factory=lambda *_: _LineLogger(stream),
        cache_logger_on_first_use=True,
    )
    handler = _LineHandler(stream, [*shared, *as_json], stamp, least)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(least)
    # At `debug`, authlib logs what proves that a login is ours.
    for chatty in ("apscheduler", "alembic", "authlib", "dramatiq"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_dead_thread
    sys.excepthook = _log_end


class _LineLogger:
    """The logger that structlog passes a finished line to."""

    def __init__(self, stream: LogStream) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write a line of any level."""
        self._stream.write(f"{line}\n")

    debug = info = warning = error = critical = msg


class _LineHandler(logging.Handler):
    """Writes log records of libraries; one that cannot be formatted is logged as such."""

    def __init__(
        self, stream: LogStream, processors: list[Any], stamp: dict[str, str], least: int
    ) -> None:
        super().__init__()
        self._stream = stream
        self._processors = processors
        self._stamp = stamp
        self._least = least

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self._line(record)
        except Exception as error:  # noqa: BLE001 - a line that cannot be made fails no work
            line = _unmade_line(record.msg, record.levelname.lower(), error, self._stamp)
        if line is not None:
            self._stream.write(f"{line}\n")

    def _line(self, record: logging.LogRecord) -> str | None:
        event, level, fields = line_of(record)
        if level < self._least:
            return None
        made: Any = {**fields, "event": event}
        if record.exc_info:
            made["exc_info"] = record.exc_info
        for process in self._processors:
            made = process(None, logging.getLevelName(level).lower(), made)
        return str(made)


def _guarded(least: int, stream: LogStream, stamp: dict[str, str]) -> type[Any]:
    """Return structlog's logger class with methods that never raise."""
    filtering: Any = structlog.make_filtering_bound_logger(least)

    def guarded(name: str) -> Any:
        method = getattr(filtering, name)

        def write(self: Any, event: object, *args: object, **fields: object) -> None:
            try:
                method(self, event, *args, **fields)
            except Exception as error:  # noqa: BLE001 - a line that cannot be made fails no work
                stream.write(f"{_unmade_line(event, name, error, stamp)}\n")

        return write

    return type("GuardedLogger", (filtering,), {name: guarded(name) for name in METHODS})


def _unmade_line(event: object, level: str, error: Exception, stamp: dict[str, str]) -> str:
    """Return the line for an event whose fields cannot be written."""
    text = event if isinstance(event, str) else type(event).__name__
    level = level.replace("exception", "error")
    fields = {"log_error": type(error).__name__, "event": text, "level": level}
    return json.dumps({**fields, "timestamp": _now(), **stamp})


def _lost_line(lines: int, stamp: dict[str, str]) -> str:
    fields = {"lines": lines, "event": "log lines lost", "level": "warning"}
    return json.dumps({**fields, "timestamp": _now(), **stamp}) + "\n"


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _log_dead_thread(dead: threading.ExceptHookArgs) -> None:
    """Log what ended a thread that nothing watches."""
    error: tuple[type[BaseException], BaseException, TracebackType | None] | None = None
    if dead.exc_value is not None:
        error = (dead.exc_type, dead.exc_value, dead.exc_traceback)
    name = dead.thread.name if dead.thread else None
    log.critical("thread died", thread=name, error=repr(dead.exc_value), exc_info=error)


def _log_end(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Log what ended this process."""
    log.critical("process died", error=repr(error), exc_info=(kind, error, traceback))


def _as_json(event: Any, **_: Any) -> str:
    line = as_text(event)
    # The stream may be in an encoding of its own, so a line is ASCII.
    return line if line.isascii() else json.dumps(event, default=str)


def _stamp(fields: dict[str, str]) -> Any:
    def stamp(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        event.update(fields)
        return event

    return stamp
