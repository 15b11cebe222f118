"""Clock offset between this machine and a server."""

import time
from collections.abc import Callable
from dataclasses import dataclass

WARNING_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Offset:
    """This machine's clock minus a server's, in seconds, give or take `doubt`."""

    seconds: float
    doubt: float

    @property
    def too_far(self) -> bool:
        """Return whether the clock is off by more than a slow answer explains."""
        return abs(self.seconds) - self.doubt > WARNING_SECONDS

    def __str__(self) -> str:
        return f"{self.seconds:+.3f} s (± {self.doubt:.3f} s)"


def measure(read_server_clock: Callable[[], float]) -> Offset:
    """Compare clocks; `read_server_clock` returns the server's, in seconds since 1970."""
    sent = time.time()
    server_time = read_server_clock()
    answered = time.time()
    return Offset((sent + answered) / 2 - server_time, (answered - sent) / 2)
