"""What keeps a run from its start: a code, what it is about, and the words for it."""

import uuid
from dataclasses import dataclass

from punctual.domain.concurrency import Limit, limit_in_words
from punctual.domain.reasons import ReasonCode, sentence


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What stands in a run's way, the first of these that is given.

    The queue that no worker serves, a limit that is reached, an unfinished run of the same task, or
    the `slots` of a queue, all of them busy.
    """

    queue: str | None = None
    limit: Limit | None = None
    run_id: uuid.UUID | None = None
    slots: tuple[str, int] | None = None

    @property
    def code(self) -> ReasonCode | None:
        """None when nothing stands in the way."""
        if self.queue is not None:
            return ReasonCode.NO_WORKER
        if self.limit is not None:
            return ReasonCode.LIMIT
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
        if self.run_id is not None:
            return {"run_id": str(self.run_id)}
        return {} if self.slots is None else {"queue": self.slots[0], "slots": self.slots[1]}


def hindrance_in_words(found: Hindrance) -> str | None:
    """The first thing that somebody should know or do; None when nothing stands in the way."""
    code = found.code
    if code is None:
        return None
    return (
        limit_in_words(found.limit)
        if code == "limit" and found.limit
        else sentence(code, **found.args)
    )
