"""Misfires: which due times that no coordinator dispatched in time are still run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from punctual.domain.runs.states import CatchUp


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Due times to run, and due times that only leave a missed run."""

    run: tuple[datetime, ...]
    missed: tuple[datetime, ...]


def catch_up(policy: str, due: Sequence[datetime], *, now: datetime, grace: timedelta) -> CaughtUp:
    """Decide which of one task's due times, ascending, are run at `now`.

    A due time later than `now` - `grace` is on time, the future included, and always runs. An
    older one is late, and the policy decides:

    - "all": every late one runs.
    - "latest": at most one runs, the newest of those due by `now`. If that one is on time, it
      stands for the late ones, which are missed.
    - "none": no late one runs.

    So an hour's outage of a task due every five minutes leaves 12, 1 or 0 late runs. Both answers
    keep the order of `due`. Raises ValueError for any other policy.
    """
    chosen = CatchUp(policy)
    late = now - grace
    if not due or due[0] > late:  # as nearly always
        return CaughtUp(run=tuple(due), missed=())
    by_now = [at for at in due if at <= now]
    newest = by_now[-1] if by_now else None

    def runs(at: datetime) -> bool:
        if at > late or chosen is CatchUp.ALL:
            return True
        return chosen is CatchUp.LATEST and at == newest

    return CaughtUp(
        run=tuple(at for at in due if runs(at)),
        missed=tuple(at for at in due if not runs(at)),
    )
