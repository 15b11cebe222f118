"""Why a run waits."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What a run waits for, the first of these that is given.

    The queue that no worker serves, `limit` (the reason why a limit, or the team's right to use the
    queue, keeps it back), an unfinished run of the same task, a worker that does not answer, or the
    `slots` of a queue, all of them busy. `silent` is a worker's name and its last heartbeat: of the
    one that has the other run, or else this one.
    """

    queue: str | None = None
    limit: CodedReason | None = None
    run_id: uuid.UUID | None = None
    silent: tuple[str, datetime] | None = None
    slots: tuple[str, int] | None = None

    @property
    def code(self) -> ReasonCode | None:
        """Return the code of the first reason, or None when the run does not wait."""
        if self.queue is not None:
            return ReasonCode.NO_WORKER
        if self.limit is not None:
            return self.limit.code
        if self.silent is not None:
            return ReasonCode.WORKER_SILENT
        if self.run_id is not None:
            return ReasonCode.OTHER_RUN
        return None if self.slots is None else ReasonCode.NO_SLOT

    @property
    def reason(self) -> CodedReason | None:
        """Return the first reason why the run waits; None when it does not wait."""
        code = self.code
        if code is None:
            return None
        if code is ReasonCode.NO_WORKER:
            return coded(code, queue=self.queue)
        if self.limit is not None:
            return self.limit
        if code is ReasonCode.WORKER_SILENT and self.silent is not None:
            worker, since = self.silent
            return coded(code, worker=worker, since=since, run_id=self.run_id)
        if code is ReasonCode.OTHER_RUN:
            return coded(code, run_id=self.run_id)
        queue, slots = self.slots or ("", 0)
        return coded(code, queue=queue, slots=slots)
