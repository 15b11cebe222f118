"""One attempt as the runner knows it: what was ordered, and what became of it so far."""

from __future__ import annotations

from punctual_worker.runner.attempts.output_buffer import OutputBuffer
from punctual_worker.runner.attempts.phases import Phase
from punctual_worker.runner.attempts.timers import NEVER
from punctual_worker.runner.limits.resource_limits import Limits
from punctual_worker.runner.masking.output import output_of
from punctual_worker.runner.protocol.wire import BadFrameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from punctual_worker.runner.launch.strategy import LaunchState

MILLISECOND = 1_000_000
SECOND = 1_000_000_000

# The fields, by who writes them; a test holds each group to its writer.
# fmt: off
# The order, as it came.
ORDER = (
    "argv", "at_ns", "cell", "cwd", "end_grace_ns", "env", "grace_ns", "key", "limits", "output",
    "serial", "timeout_ns",
)
# What launch/ makes of it.
LAUNCH = ("file", "launch", "pid", "pipes", "started_ns")
# What lifecycle.py says of it.
LIFE = (
    "ended_ns", "error", "given_up", "left_behind", "limit", "permanent", "phase", "sent_term",
    "status", "stopped",
)
# fmt: on


class RunnerAttempt:
    """The order from the agent, then the process, its pipes and its end."""

    __slots__ = (*ORDER, *LAUNCH, *LIFE, "alarm_ns", "crowd", "pidfd")

    def __init__(self, order: dict[str, Any], serial: int) -> None:
        """Read a start order; BadFrameError when a field is missing or of the wrong type."""
        try:
            self.key: Final = _text(order["key"])
            self.at_ns: Final = int(order["at_ns"])
            cell = order.get("cell")
            self.cell: Final = None if cell is None else int(cell)  # where its launch is noted
            self.argv: Final = tuple(map(_text, order["argv"]))
            file = order.get("file")
            self.file = None if file is None else _text(file).encode()  # until it is written
            self.env: Final = {_text(name): _text(value) for name, value in order["env"].items()}
            self.cwd: Final = None if order["cwd"] is None else _text(order["cwd"])
            self.timeout_ns: Final = int(order["timeout_s"] * SECOND)
            self.grace_ns: Final = int(order["grace_s"] * SECOND)
            self.end_grace_ns: Final = int(order["end_grace_s"] * SECOND)
            limits = {name: int(most) for name, most in order["limits"].items()}
            limit, masked = int(order["output_limit"]), order.get("masked")
            self.limits: Final = Limits(**limits, core_dumps=not masked)
            self.output: Final = (
                output_of(limit, map(_text, masked)) if masked else OutputBuffer(limit)
            )
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise BadFrameError(f"a start order with a bad field: {error!r}") from None
        self.serial: Final = serial

        self.launch: LaunchState  # from its acceptance on
        self.pid = 0
        self.pipes: dict[int, int] = {}  # read end → stream (1 stdout, 2 stderr)
        self.started_ns: int | None = None

        self.phase = Phase.WAITING
        self.ended_ns = 0
        self.status: tuple[int | None, int | None] = (None, None)  # exit code, signal
        self.stopped: str | None = None
        self.error: str | None = None
        self.given_up = False  # a process of it could not be killed
        self.permanent = False  # whether another attempt would meet the same error
        self.limit: tuple[str, int] | None = None  # the one that it exceeded, and how much it is
        # The most processes that lived at once after the end grace; None while they need not end.
        self.left_behind: int | None = None
        self.sent_term: set[int] = set()  # those of them that got TERM

        self.alarm_ns = NEVER  # timers.py
        self.pidfd = -1  # exit_watch.py
        self.crowd: int | None = None  # reaper.py: more processes than this are a fork bomb


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value
