"""A worker whose Dramatiq consumer ends on SIGUSR1, by an error that Dramatiq does not catch."""

import signal
import threading
from typing import Any

from punctual.messaging import broker

dies = threading.Event()
read = broker._WakingConsumer.__next__


class Dead(BaseException):
    """Nothing that anybody is prepared for."""


def read_or_die(consumer: Any) -> Any:
    """Dramatiq's next message, until the signal came."""
    if dies.is_set():
        raise Dead
    return read(consumer)


broker._WakingConsumer.__next__ = read_or_die  # type: ignore[method-assign,assignment]
signal.signal(signal.SIGUSR1, lambda _number, _frame: dies.set())
