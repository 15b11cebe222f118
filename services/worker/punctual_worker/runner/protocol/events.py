"""What the runner reports to the agent: that it is up, that an attempt started, how it ended."""

from __future__ import annotations

from collections import deque

from punctual_worker.runner.attempts.attempt import SECOND, RunnerAttempt
from punctual_worker.runner.attempts.output_buffer import OutputBuffer
from punctual_worker.runner.attempts.phases import Phase
from punctual_worker.runner.protocol.channel import Channel

# An agent that does not read loses its lease soon, and with it everything that runs; until then
# this is the most that waits for it. Beyond, ends are reported with little of their output.
QUEUE_LIMIT = 64 * 1024 * 1024
SHORT_OUTPUT = 8 * 1024
# Live output must not delay the report of an end.
SO_FAR_LIMIT = 4 * 1024 * 1024
REPORT_START_AFTER_NS = SECOND // 10  # docs/internals/architecture.md says why, under "Launched"


class Events:
    """Writes reports into the channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._started: deque[RunnerAttempt] = deque()

    def up(self, isolation: dict[str, bool]) -> None:
        """Report, before anything else, that commands can be started, and how held in."""
        self._channel.send({"kind": "up", "isolation": isolation})
        self._channel.flush()

    def pong(self) -> None:
        """Answer a ping: the loop turns."""
        self._channel.send({"kind": "pong"})

    def started(self, attempt: RunnerAttempt) -> None:
        """Have the instant reported at which exec had succeeded, unless the end comes first."""
        self._started.append(attempt)

    def wake_ns(self) -> int | None:
        """Return when step() has something to do, or None."""
        while self._started and self._started[0].phase == Phase.DONE:
            self._started.popleft()
        return _due_ns(self._started[0]) if self._started else None

    def step(self, now_ns: int) -> None:
        """Report the starts of what has run for a while."""
        while self._started and _due_ns(self._started[0]) <= now_ns:
            attempt = self._started.popleft()
            if attempt.phase != Phase.DONE:
                self._channel.send(
                    {
                        "kind": "started",
                        "key": attempt.key,
                        "at_ns": attempt.started_ns,
                        "pid": attempt.pid,
                    }
                )

    def so_far(self, attempt: RunnerAttempt) -> None:
        """Report what an attempt has written until now; not while others' reports pile up."""
        output = attempt.output
        if self._channel.queued_bytes > SO_FAR_LIMIT:
            return
        self._channel.send(
            {"kind": "so_far", "key": attempt.key, **_output_fields(output)}, output.body()
        )

    def ended(self, attempt: RunnerAttempt) -> None:
        """Report an end; nothing of the attempt is alive, or its error says what is."""
        output = attempt.output
        output.finish()
        if self._channel.queued_bytes > QUEUE_LIMIT:
            output.shrink(SHORT_OUTPUT)
        exit_code, signal = attempt.status
        self._channel.send(
            {
                "kind": "ended",
                "key": attempt.key,
                "started_ns": attempt.started_ns,
                "ended_ns": attempt.ended_ns,
                "exit_code": exit_code,
                "signal": signal,
                "stopped": attempt.stopped,
                "error": attempt.error,
                "limit": attempt.limit,
                "permanent": attempt.permanent,
                "left_behind": attempt.left_behind or 0,
                **_output_fields(output),
            },
            output.body(),
        )


def _due_ns(attempt: RunnerAttempt) -> int:
    assert attempt.started_ns is not None
    return attempt.started_ns + REPORT_START_AFTER_NS


def _output_fields(output: OutputBuffer) -> dict[str, object]:
    return {
        "output_bytes": output.total,
        "truncated": output.truncated,
        "gap_at": output.gap_at,
        "segments": output.segments(),
    }
