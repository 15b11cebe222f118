"""What holds for every schedule, whatever Hypothesis makes up."""

from datetime import datetime, timedelta
from itertools import islice

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from punctual.domain.errors import InvalidSchedule
from punctual.domain.instant import format_instant, parse_instant
from punctual.domain.schedules.advice import schedule_warnings
from punctual.domain.schedules.describe import describe
from punctual.domain.schedules.syntax import (
    FARTHEST_BACK,
    At,
    Cron,
    Every,
    Schedule,
    Several,
    Within,
    due_times,
    is_due,
    last_due,
    next_due,
    parse_schedule,
    to_document,
)
from tests.unit.domain.strategies import (
    almost_a_schedule,
    almost_a_time,
    expressions,
    instants,
    json,
    near_a_change,
    zones,
)

periods = st.integers(1, 10**8) | st.floats(1, 10**8)
singles = st.one_of(
    st.builds(At, instants),
    st.builds(Every, periods, instants),
    st.builds(Cron, expressions, zones),
)


@st.composite
def bounded(draw: st.DrawFn) -> Within:
    """A schedule with a start, an end, or both; an interval counts from its start."""
    start, end = draw(st.none() | instants), draw(st.none() | instants)
    assume(start or end)
    if start and end:
        start, end = min(start, end), max(start, end)
    schedule = draw(singles)
    match schedule:
        case At(at):
            assume((start is None or at >= start) and (end is None or at <= end))
        case Every(seconds, _) if start is not None:
            schedule = Every(seconds, start - timedelta(seconds=seconds))
    return Within(schedule, start, end)


parts = singles | bounded()
schedules = parts | st.lists(parts, min_size=1, max_size=4).map(lambda ones: Several(tuple(ones)))
starts = instants | near_a_change().map(lambda where: where[1])


def some_due_times(schedule: Schedule, after: datetime, count: int = 30) -> list[datetime]:
    try:
        return list(islice(due_times(schedule, after=after), count))
    except InvalidSchedule:  # a cron expression that never comes
        assume(False)
        raise


@settings(deadline=None)
@given(schedule=schedules, after=starts)
def test_due_times_ascend_without_repeats_strictly_after_where_they_began(
    schedule: Schedule, after: datetime
) -> None:
    due = some_due_times(schedule, after)
    assert due == sorted(set(due))
    assert all(at > after and at.utcoffset() == timedelta(0) for at in due)


@settings(deadline=None)
@given(schedule=schedules, after=starts, data=st.data())
def test_going_on_from_any_point_gives_the_same_rest(
    schedule: Schedule, after: datetime, data: st.DataObject
) -> None:
    due = some_due_times(schedule, after)
    assume(due)
    later = data.draw(
        st.sampled_from(due)
        | st.integers(0, int((due[-1] - after).total_seconds())).map(
            lambda seconds: after + timedelta(seconds=seconds)
        )
    )
    rest = [at for at in due if at > later]
    assert list(islice(due_times(schedule, after=later), len(rest))) == rest
    assert next_due(schedule, after=after) == due[0]


@settings(deadline=None)
@given(ones=st.lists(parts, min_size=1, max_size=4), after=starts)
def test_several_schedules_are_due_when_any_of_them_is_and_once_where_they_meet(
    ones: list[At | Cron | Every | Within], after: datetime
) -> None:
    together = some_due_times(Several(tuple(ones)), after)
    apart = {at for one in ones for at in some_due_times(one, after)}
    assert together == sorted(apart)[: len(together)]
    assert len(together) == min(len(apart), 30)


@settings(deadline=None)
@given(schedule=bounded(), after=starts)
def test_a_bounded_schedule_is_due_when_the_other_is_and_never_outside(
    schedule: Within, after: datetime
) -> None:
    due = some_due_times(schedule, after)
    assert all(schedule.start is None or at >= schedule.start for at in due)
    assert all(schedule.end is None or at <= schedule.end for at in due)
    assert all(is_due(schedule, at) and is_due(schedule.schedule, at) for at in due)
    if len(due) < 30 and schedule.end is not None:
        begin = max([after, *(due[-1:] or [after])])
        rest = next_due(schedule.schedule, after=begin)
        late = rest is None or rest > schedule.end
        assert late or (schedule.start is not None and rest is not None and rest < schedule.start)


@settings(deadline=None)
@given(schedule=schedules, at=starts)
def test_the_last_due_time_is_due_and_the_next_one_lies_ahead(
    schedule: Schedule, at: datetime
) -> None:
    some_due_times(schedule, at, 1)
    last = last_due(schedule, at=at)
    if last is None:
        first = next_due(schedule, after=at - FARTHEST_BACK)
        assert first is None or first > at
    else:
        assert is_due(schedule, last)
        following = next_due(schedule, after=last)
        assert last <= at
        # So far back only single times are looked for: others may lie after one of them.
        far_back = last < at - FARTHEST_BACK
        assert far_back or following is None or following > at


@given(seconds=periods, anchor=instants, after=instants)
def test_a_fixed_rate_never_drifts(seconds: float, anchor: datetime, after: datetime) -> None:
    due = next_due(Every(seconds, anchor), after=after)
    assert due is not None
    period = timedelta(seconds=seconds)
    assert (due - anchor) % period == timedelta(0)
    assert due >= anchor + period
    assert due - after <= period or due == anchor + period


@settings(deadline=None)
@given(schedule=schedules, now=starts, timeout=st.none() | st.floats(1, 10**6))
def test_every_schedule_survives_its_json_and_can_be_put_in_words(
    schedule: Schedule, now: datetime, timeout: float | None
) -> None:
    some_due_times(schedule, now, 1)
    anchor = schedule.anchor if isinstance(schedule, Every) else now
    again = parse_schedule(to_document(schedule), anchor=anchor)
    assert to_document(again) == to_document(schedule)
    if not isinstance(schedule, Several | Within):  # theirs may have an anchor each
        assert again == schedule
    sentences = [describe(schedule), *schedule_warnings(schedule, now=now, timeout=timeout)]
    assert all(sentence[0].isupper() for sentence in sentences)


@settings(deadline=None, max_examples=500)
@given(document=almost_a_schedule | st.dictionaries(st.text(), json) | json, anchor=instants)
def test_no_json_makes_parsing_fail_in_another_way(document: object, anchor: datetime) -> None:
    refusal = None
    try:
        schedule = parse_schedule(document, anchor=anchor)
    except InvalidSchedule as error:
        refusal = error
    else:
        assert (schedule is None) == (document is None)
        next_due(schedule, after=anchor)
    if refusal:
        assert refusal.pointer.startswith("/schedule")
        assert refusal.detail.endswith((".", "?"))


@settings(max_examples=300)
@given(text=almost_a_time)
def test_whatever_looks_like_a_time_is_one_or_is_refused(text: str) -> None:
    try:
        instant = parse_instant(text, pointer="/at")
    except InvalidSchedule:
        return
    assert 1970 <= instant.year <= 9999
    assert instant.utcoffset() == timedelta(0)
    assert parse_instant(format_instant(instant), pointer="/at") == instant
