"""Which runs of a task say what is normal: the last ones, and one of each hour of four weeks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from punctual.domain.anomalies.verdict import Norms, Success

RECENT = 200
HOURS = timedelta(weeks=4)

LEARN_AFTER, LEARN_SHARE = 5, 0.1


def is_stale(norms: Norms, runs_since: int) -> bool:
    """Return whether enough runs have ended since to learn norms anew.

    After an anomaly they always are: only then is the next one of its kind counted.
    """
    known = max(
        (part.runs for part in (norms.seconds, norms.output) if part is not None), default=0
    )
    return runs_since >= max(LEARN_AFTER, LEARN_SHARE * known)


def history_of(successes: Sequence[Success], at: datetime) -> list[Success]:
    """Return what says what is normal, of all successes before `at` from old to new."""
    recent = successes[-RECENT:]
    first: dict[datetime, Success] = {}
    for success in successes[:-RECENT]:
        if success.at >= at - HOURS:
            hour = success.at.replace(minute=0, second=0, microsecond=0)
            first.setdefault(hour, success)
    return [*first.values(), *recent]
