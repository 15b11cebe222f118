"""What keeps a run from its start: a code, what it is about, and the words for it."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from punctual.domain.runs.concurrency import Limit, limit_in_words
from punctual.domain.runs.reasons import ReasonCode, instant_in_words, sentence


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What stands in a run's way, the first of these that is given.

    The queue that no worker serves, a limit that is reached, an unfinished run of the same task, a
    worker that does not answer, or the `slots` of a queue, all of them busy. `silent` is a worker's
    name and its last heartbeat: of the one that has the other run, or else this one.
    """

    queue: str | None = None
    limit: Limit | None = None
    run_id: uuid.UUID | None = None
    silent: tuple[str, datetime] | None = None
    slots: tuple[str, int] | None = None

    @property
    def code(self) -> ReasonCode | None:
        """None when nothing stands in the way."""
        if self.queue is not None:
            return ReasonCode.NO_WORKER
        if self.limit is not None:
            return ReasonCode.LIMIT
        if self.silent is not None:
            return ReasonCode.WORKER_SILENT
        if self.run_id is not None:
            return ReasonCode.OTHER_RUN
        return None if self.slots is None else ReasonCode.NO_SLOT

    @property
    def args(self) -> dict[str, str | int]:
        """What the code is about, for programs."""
        if self.queue is not None:
            return {"queue": self.queue}
        if self.limit is not None:
            about = {} if self.limit.tag is None else {"tag": self.limit.tag}
            if self.limit.task_id is not None:
                about = {"task_id": str(self.limit.task_id)}
            return {**about, "max_concurrent": self.limit.most}
        if self.run_id is not None or self.silent is not None:
            other = {} if self.run_id is None else {"run_id": str(self.run_id)}
            return other | self._silent_worker
        return {} if self.slots is None else {"queue": self.slots[0], "slots": self.slots[1]}

    @property
    def _silent_worker(self) -> dict[str, str | int]:
        if self.silent is None:
            return {}
        name, since = self.silent
        return {"worker": name, "since": instant_in_words(since)}


def hindrance_in_words(found: Hindrance) -> str | None:
    """Return the first reason why the run waits, as a sentence; None when it does not wait."""
    code = found.code
    if code is None:
        return None
    if code == ReasonCode.LIMIT and found.limit:
        return limit_in_words(found.limit)
    if code == ReasonCode.WORKER_SILENT and found.run_id is not None:
        other = sentence(ReasonCode.OTHER_RUN, run_id=found.run_id)
        return f"{other}: {sentence(code, **found.args)}"
    return sentence(code, **found.args)
