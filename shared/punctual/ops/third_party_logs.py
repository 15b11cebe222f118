"""Log lines of libraries as our events: constant texts, ids as fields, fitting levels."""

import logging
from typing import Any, NamedTuple


class LibraryLine(NamedTuple):
    """A library's log line: an event, the number of its level, and its fields."""

    event: str
    level: int
    fields: dict[str, Any]


class Known(NamedTuple):
    """How a known line is logged; `fields` name its arguments in order."""

    event: str
    level: int
    fields: tuple[str, ...]


ENDED = ("request process ended", ("pid", "signal"))

NOT_ACKNOWLEDGED = (
    "Failed to post_process_message(%s) due to a connection error: %s\n"
    "The operation will be retried in %s seconds until the connection recovers.\n"
    "If you restart this worker before this operation succeeds, the message will be re-processed"
    " later."
)

# By the library's own text, before its arguments are put in. What is at `debug` here is logged by
# an event of ours already, once and not each time.
KNOWN = {
    "WORKER TIMEOUT (pid:%s)": Known("request process frozen", logging.ERROR, ("pid",)),
    "Worker (pid:%s) was sent %s!": Known(ENDED[0], logging.WARNING, ENDED[1]),
    "Worker (pid:%s) was sent %s! Perhaps out of memory?": Known(ENDED[0], logging.ERROR, ENDED[1]),
    "Worker (pid:%s) exited with code %s.": Known(ENDED[0], logging.ERROR, ("pid", "exit_code")),
    "Consumer encountered a connection error: %s": Known(
        "consumer connection lost", logging.DEBUG, ("error",)
    ),
    NOT_ACKNOWLEDGED: Known("message not acknowledged", logging.DEBUG, ("claims", "error")),
    'Execution of job "%s" skipped: maximum number of running instances reached (%d)': Known(
        "duty turn skipped", logging.DEBUG, ("duty", "running")
    ),
}


def line_of(record: logging.LogRecord) -> LibraryLine:
    """Return what is logged for a library's record."""
    known = KNOWN.get(record.msg) if isinstance(record.msg, str) else None
    if known is None:
        fields = {"logger": record.name, "message": record.getMessage()}
        return LibraryLine("library reported", record.levelno, fields)
    arguments = record.args if isinstance(record.args, tuple) else ()
    values = (each if isinstance(each, int) else str(each) for each in arguments)
    return LibraryLine(known.event, known.level, dict(zip(known.fields, values, strict=False)))
