"""One attempt as the runner knows it: what was ordered, and what became of it so far."""

from __future__ import annotations

from punctual_worker.runner.attempts.output_buffer import OutputBuffer
from punctual_worker.runner.attempts.timers import NEVER
from punctual_worker.runner.limits.resource_limits import Limits
from punctual_worker.runner.protocol.wire import BadFrameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SECOND = 1_000_000_000

# The phases, in the order they are gone through.
WAITING = 0  # for its instant
RUNNING = 1
TERMINATING = 2  # was asked to end, and has until alarm_ns
KILLING = 3  # was killed; its end is awaited
# From here on its main process has ended, and is a zombie until the attempt is done.
FLUSHING = 4  # what it started may read on, write on and end by itself until alarm_ns
TERMINATING_REST = 5  # what was left of it was asked to end, and has until alarm_ns
KILLING_REST = 6  # what was left of it is being killed
DONE = 7


class RunnerAttempt:
    """The order from the agent, then the process, its pipes and its end."""

    __slots__ = (
        "alarm_ns",
        "argv",
        "asked",
        "at_ns",
        "cell",
        "crowd",
        "cwd",
        "end_grace_ns",
        "ended_ns",
        "env",
        "error",
        "file",
        "file_path",
        "gate",
        "grace_ns",
        "home",
        "key",
        "left_behind",
        "limit",
        "limits",
        "output",
        "permanent",
        "phase",
        "pid",
        "pidfd",
        "pipes",
        "serial",
        "started_ns",
        "status",
        "stopped",
        "timeout_ns",
        "tried_ns",
        "words",
    )

    def __init__(self, order: dict[str, Any], serial: int) -> None:
        """Read a start order; BadFrameError when a field is missing or of the wrong type."""
        try:
            self.key = _text(order["key"])
            self.at_ns = int(order["at_ns"])
            cell = order.get("cell")
            self.cell = None if cell is None else int(cell)  # where its launch is noted
            self.argv = [_text(part) for part in order["argv"]]
            file = order.get("file")
            self.file = None if file is None else _text(file).encode()
            self.env = {_text(name): _text(value) for name, value in order["env"].items()}
            self.cwd = None if order["cwd"] is None else _text(order["cwd"])
            self.timeout_ns = int(order["timeout_s"] * SECOND)
            self.grace_ns = int(order["grace_s"] * SECOND)
            self.end_grace_ns = int(order["end_grace_s"] * SECOND)
            self.limits = Limits(**{name: int(most) for name, most in order["limits"].items()})
            self.output = OutputBuffer(int(order["output_limit"]))
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise BadFrameError(f"a start order with a bad field: {error!r}") from None
        self.serial = serial
        self.phase = WAITING
        self.alarm_ns = NEVER
        self.home: str | None = None
        self.file_path: str | None = None
        self.gate: str | None = None  # where its shell waits, while it is held
        self.pid = 0
        self.pidfd = -1
        self.pipes: dict[int, int] = {}  # read end → stream (1 stdout, 2 stderr)
        # Of the program that its shell would only make way for.
        self.words: list[str] | None = None
        self.tried_ns = 0  # the first time that it was to be started
        self.started_ns: int | None = None
        self.ended_ns = 0
        self.status: tuple[int | None, int | None] = (None, None)  # exit code, signal
        self.crowd: int | None = None  # while it flushes, more processes than this are too many
        # The most processes that lived at once after the end grace; None while they need not end.
        self.left_behind: int | None = None
        self.asked: set[int] = set()  # those of them that got TERM
        self.stopped: str | None = None
        self.error: str | None = None
        self.limit: tuple[str, int] | None = None  # the one that it exceeded, and how much it is
        self.permanent = False  # whether another attempt would meet the same error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value
