"""Active attempts of this worker, with the data that their reports need."""

import threading
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from punctual.domain.runs.limits import cut
from punctual.domain.runs.retry import RetryRule
from punctual.store.lifecycle.start import StartedAttempt
from punctual.store.schema.models.model import Document
from punctual_worker.agent.runner_link.messages import SoFar

MOST_CANCELS = 256


@dataclass(slots=True)
class ActiveAttempt:
    """One attempt handed to the runner; `key` is its name there.

    One that `says_why` has the reason for a failure in the last line of its standard error. `seen`
    is the output that was last brought from the runner. `reported`: its end is written, or will be.
    """

    key: str
    run_id: uuid.UUID
    fence: int
    attempt: int
    due_at: datetime
    timeout: float
    rule: RetryRule = field(default_factory=RetryRule)
    explains_failure: bool = False
    started_ns: int | None = None
    seen: SoFar | None = None
    reported: bool = False
    task_id: uuid.UUID | None = None
    ping: Document | None = None
    start_pinged: bool = False

    @property
    def pair(self) -> tuple[uuid.UUID, int]:
        """Return the run and the fence it was started under."""
        return self.run_id, self.fence


def key_of(run_id: uuid.UUID, fence: int) -> str:
    """Return the runner's name for an attempt: unique, because a fence belongs to one claim."""
    return f"{run_id}:{fence}"


class ActiveAttempts:
    """The attempts from START until their end is reported; thread-safe."""

    def __init__(self, *, max_timeout: float = 0) -> None:
        self._max_timeout = max_timeout  # an operator's; 0 is none
        self._lock = threading.Lock()
        self._attempts: dict[str, ActiveAttempt] = {}
        self._cancelled: deque[uuid.UUID] = deque(maxlen=MOST_CANCELS)
        self._refused: set[str] = set()
        self.emptied = threading.Condition(self._lock)

    def add(self, started: StartedAttempt) -> ActiveAttempt:
        """Enter an attempt that START answered."""
        attempt = ActiveAttempt(
            key=key_of(started.run_id, started.fence),
            run_id=started.run_id,
            fence=started.fence,
            attempt=started.attempt,
            due_at=started.due_at,
            timeout=cut(float(started.spec["timeout"]), self._max_timeout),
            rule=_rule(started.spec),
            explains_failure=started.spec.get("http") is not None,
            task_id=started.task_id,
            ping=started.spec.get("ping"),
        )
        with self._lock:
            self._attempts[attempt.key] = attempt
        return attempt

    def get(self, key: str) -> ActiveAttempt | None:
        """Return the attempt that the runner calls `key`, or None."""
        with self._lock:
            return self._attempts.get(key)

    def cancel(self, run_id: uuid.UUID) -> list[ActiveAttempt]:
        """Return the attempts of a cancelled run; remember the cancel for a later one."""
        with self._lock:
            self._cancelled.append(run_id)
            return [attempt for attempt in self._attempts.values() if attempt.run_id == run_id]

    def was_cancelled(self, run_id: uuid.UUID) -> bool:
        """Return whether a cancel of this run came lately, perhaps before START was answered."""
        with self._lock:
            return run_id in self._cancelled

    def remove(self, key: str) -> ActiveAttempt | None:
        """Forget an attempt whose end is recorded, and return it."""
        with self._lock:
            removed = self._attempts.pop(key, None)
            if not self._attempts:
                self.emptied.notify_all()
        return removed

    def refused(self, key: str) -> None:
        """Remember an attempt whose report the database refuses: its run stays as it is there."""
        with self._lock:
            self._refused.add(key)

    def is_refused(self, key: str) -> bool:
        """Return whether the database refused the report of this attempt."""
        with self._lock:
            return key in self._refused

    def all(self) -> list[ActiveAttempt]:
        """Return every active attempt."""
        with self._lock:
            return list(self._attempts.values())

    def wait_empty(self, seconds: float) -> bool:
        """Wait until nothing is left; False when that took longer than `seconds`."""
        with self.emptied:
            return self.emptied.wait_for(lambda: not self._attempts, seconds)


def _rule(spec: Document) -> RetryRule:
    only_on, never_on = spec.get("retry_on"), spec.get("no_retry_on")
    return RetryRule(
        only_on=None if only_on is None else tuple(only_on),
        never_on=None if never_on is None else tuple(never_on),
    )
