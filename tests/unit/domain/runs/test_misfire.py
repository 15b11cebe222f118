"""What becomes of due times that no coordinator dispatched in time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.runs.misfire import catch_up
from punctual.domain.runs.states import CatchUp
from punctual.domain.schedules.syntax import Cron, due_times
from tests.unit.domain.strategies import instants

NOW = datetime(2026, 1, 1, 15, 3, tzinfo=UTC)
GRACE = timedelta(seconds=30)
FIVE_MINUTES = timedelta(minutes=5)


def after_an_hours_outage() -> list[datetime]:
    """Due every five minutes since 14:02, and twice more after now."""
    due = due_times(Cron("*/5 * * * *"), after=datetime(2026, 1, 1, 14, 2, tzinfo=UTC))
    return [next(due) for _ in range(14)]


@pytest.mark.parametrize(("policy", "late_runs"), [("all", 12), ("latest", 1), ("none", 0)])
def test_an_hours_outage_leaves_twelve_or_one_or_no_late_runs(policy: str, late_runs: int) -> None:
    due = after_an_hours_outage()
    settled = catch_up(policy, due, now=NOW, grace=GRACE)
    late = [at for at in settled.run if at <= NOW]
    assert late == due[12 - late_runs : 12]
    assert settled.run[len(late) :] == tuple(due[12:])
    assert settled.missed == tuple(due[: 12 - late_runs])


def test_one_on_time_stands_for_the_late_ones() -> None:
    due = [NOW - FIVE_MINUTES, NOW - timedelta(seconds=5)]
    settled = catch_up("latest", due, now=NOW, grace=GRACE)
    assert settled.run == (due[1],)
    assert settled.missed == (due[0],)


def test_one_still_to_come_does_not_stand_for_the_late_ones() -> None:
    due = [NOW - 2 * FIVE_MINUTES, NOW - FIVE_MINUTES, NOW + timedelta(seconds=1)]
    settled = catch_up("latest", due, now=NOW, grace=GRACE)
    assert settled.run == (due[1], due[2])


def test_what_is_within_the_grace_runs_even_where_nothing_is_caught_up() -> None:
    due = [NOW - GRACE, NOW - GRACE + timedelta(microseconds=1), NOW, NOW + GRACE]
    settled = catch_up("none", due, now=NOW, grace=GRACE)
    assert settled.missed == (due[0],)
    assert settled.run == tuple(due[1:])


def test_nothing_due_is_nothing_to_settle() -> None:
    settled = catch_up("latest", [], now=NOW, grace=GRACE)
    assert settled.run == settled.missed == ()


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="sometimes"):
        catch_up("sometimes", [], now=NOW, grace=GRACE)


@given(
    policy=st.sampled_from(list(CatchUp)),
    due=st.lists(instants, unique=True).map(sorted),
    now=instants,
    grace=st.timedeltas(timedelta(0), timedelta(days=3650)),
)
def test_every_due_time_is_settled_once_and_in_order(
    policy: CatchUp, due: list[datetime], now: datetime, grace: timedelta
) -> None:
    settled = catch_up(policy, due, now=now, grace=grace)
    assert sorted(settled.run + settled.missed) == due
    assert list(settled.run) == sorted(settled.run)
    assert all(at <= now - grace for at in settled.missed)
    by_now = [at for at in due if at <= now]
    if policy is not CatchUp.NONE and by_now:
        assert by_now[-1] in settled.run
