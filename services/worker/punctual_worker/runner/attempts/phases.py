"""The phases of an attempt, and the events that lead from one to another."""

from __future__ import annotations

from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from punctual_worker.runner.supervise.remaining import Remaining

LEASE_GRACE_NS = 5_000_000_000


class Phase(IntEnum):
    """Each with its meaning; their order is that of a life, and comparisons rely on it."""

    meaning: str

    def __new__(cls, number: int, meaning: str) -> Self:
        """Make a number that also says what it means."""
        phase = int.__new__(cls, number)
        phase._value_ = number
        phase.meaning = meaning
        return phase

    WAITING = 0, "waits for its instant; it has no process"
    PRESTARTED = 1, "waits for its instant; its shell waits at a gate"
    RUNNING = 2, "its command runs, until its timeout at the latest"
    TERMINATING = 3, "got TERM, and has until the end of its grace"
    KILLING = 4, "got KILL; the end of its main process is awaited"
    # From here on the main process is dead, and stays a zombie until the attempt is done.
    FLUSHING = 5, "its command ended by itself; what it started has the end grace to end too"
    FLUSHING_STOPPED = 6, "its command ended after TERM; the rest got TERM too, and has its grace"
    TERMINATING_REST = (
        7,
        "the end grace is over or cut short; what is left got TERM, and has a moment",
    )
    KILLING_REST = 8, "what is left is killed, again and again until nothing of it lives"
    DONE = 9, "its end is reported"


class Event:
    """What happens to an attempt."""

    __slots__ = ()


class Prestarted(Event):
    """Its shell was started ahead of the instant."""

    __slots__ = ()


class ShellLost(Event):
    """Its shell ended ahead of the instant, or did not come to its gate."""

    __slots__ = ()


class Launched(Event):
    """Its command was started."""

    __slots__ = ()


class LaunchFailed(Event):
    """Its command cannot be started; `permanent` if the next attempt's cannot either."""

    __slots__ = ("error", "permanent")

    def __init__(self, error: str, *, permanent: bool = False) -> None:
        self.error = error
        self.permanent = permanent


class EndRequested(Event):
    """Its command is to end: by TERM, and after its own grace or a shorter one by KILL."""

    __slots__ = ("grace_ns", "why")

    def __init__(self, why: str, grace_ns: int | None = None) -> None:
        self.why = why
        self.grace_ns = grace_ns


class StopOrdered(EndRequested):
    """The agent ordered a stop."""

    __slots__ = ()


class LeaseLost(EndRequested):
    """The runner lost its lease."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("lease", LEASE_GRACE_NS)


class Alarm(EndRequested):
    """The time of its phase is over."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("timeout")


class LimitExceeded(Event):
    """It uses more than one of its limits allows."""

    __slots__ = ("limit", "most")

    def __init__(self, limit: str, most: int) -> None:
        self.limit = limit
        self.most = most


class Exited(Event):
    """Its main process ended."""

    __slots__ = ("status",)

    def __init__(self, exit_code: int | None, signal: int | None) -> None:
        self.status = exit_code, signal


class PipesClosed(Event):
    """No process can write to its output any more."""

    __slots__ = ()


class Found(Event):
    """A look at all processes found some of its own."""

    __slots__ = ("left",)

    def __init__(self, left: Remaining) -> None:
        self.left = left


class SomeLeft(Found):
    """A look at all processes found some of its own."""

    __slots__ = ()


class TooManyLeft(Found):
    """A look found enough of its processes to know it for a fork bomb."""

    __slots__ = ()


class NewestKilled(Event):
    """One of its processes was killed that no look had found."""

    __slots__ = ()


class NothingLeft(Event):
    """Nothing of it lives."""

    __slots__ = ()


EVENTS = (
    Prestarted,
    ShellLost,
    Launched,
    LaunchFailed,
    StopOrdered,
    LeaseLost,
    LimitExceeded,
    Alarm,
    Exited,
    PipesClosed,
    SomeLeft,
    TooManyLeft,
    NewestKilled,
    NothingLeft,
)
