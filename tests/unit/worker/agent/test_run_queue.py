"""The in-memory queue: earliest first, never more than the slots, and every slot accounted for."""

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from punctual.store.lifecycle.claim import Claimed
from punctual_worker.agent.run_queue import RunQueue

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LEAD = timedelta(milliseconds=300)


def claimed(due_in: float, *, priority: int = 5) -> Claimed:
    return Claimed(uuid.uuid4(), 1, NOW + timedelta(seconds=due_in), priority)


def intake_of(slots: int, *claims: Claimed) -> RunQueue:
    intake = RunQueue(slots=slots, lead=LEAD)
    intake.add(claims)
    return intake


def test_runs_are_taken_a_lead_before_they_are_due_earliest_first() -> None:
    late, early, far = claimed(0.2), claimed(0.1), claimed(9)
    intake = intake_of(8, late, far, early)
    assert [run.run_id for run in intake.take(NOW)] == [early.run_id, late.run_id]
    assert intake.next_at() == far.due_at - LEAD


def test_at_one_instant_the_higher_priority_goes_first() -> None:
    low, high = claimed(0, priority=1), claimed(0, priority=9)
    assert [run.run_id for run in intake_of(8, low, high).take(NOW)] == [
        high.run_id,
        low.run_id,
    ]


def test_no_more_are_taken_than_there_are_slots_until_one_frees() -> None:
    intake = intake_of(2, *(claimed(0) for _ in range(5)))
    first = intake.take(NOW)
    assert (len(first), intake.busy, intake.take(NOW)) == (2, 2, [])
    intake.free(first[0].pair)
    assert len(intake.take(NOW)) == 1


def test_fewer_are_taken_when_fewer_are_asked_for() -> None:
    intake = intake_of(8, *(claimed(0.1) for _ in range(5)))
    assert (len(intake.take(NOW, most=2)), intake.busy) == (2, 2)
    assert (len(intake.take(NOW, most=100)), intake.busy) == (3, 5)


def test_room_counts_what_waits_and_what_runs() -> None:
    intake = intake_of(2)
    assert (intake.room, intake.free_slots) == (4, 2)
    intake.add([claimed(0), claimed(0), claimed(0)])
    assert (intake.room, intake.free_slots) == (1, 0)
    intake.take(NOW)
    assert (intake.room, intake.free_slots) == (1, 0)


def test_what_is_put_back_frees_its_slot_and_is_tried_again_later() -> None:
    intake = intake_of(1, claimed(0))
    (run,) = intake.take(NOW)
    intake.put_back(run, at=NOW + timedelta(seconds=1))
    assert (intake.busy, intake.take(NOW)) == (0, [])
    assert [again.pair for again in intake.take(NOW + timedelta(seconds=1))] == [run.pair]


def test_only_what_is_due_and_has_no_slot_is_overdue() -> None:
    due, soon = claimed(-1), claimed(5)
    intake = intake_of(1, claimed(-2), due, soon)
    assert intake.overdue(NOW, most=9) == []  # a slot is free: it will start here
    intake.take(NOW)
    assert [run.run_id for run in intake.overdue(NOW, most=9)] == [due.run_id]
    assert intake.next_at() == soon.due_at - LEAD


def test_a_closed_intake_gives_everything_back_and_has_no_room() -> None:
    claims = [claimed(1), claimed(2)]
    intake = intake_of(4, *claims)
    assert {run.run_id for run in intake.close()} == {claim.run_id for claim in claims}
    assert (intake.room, intake.free_slots, intake.next_at()) == (0, 0, None)


def test_a_closed_intake_starts_nothing_and_answers_what_comes_late() -> None:
    intake = intake_of(4)
    intake.close()
    late = claimed(0)
    intake.add([late])
    assert (intake.take(NOW), intake.next_at()) == ([], None)
    assert [run.run_id for run in intake.close()] == [late.run_id]


@given(st.lists(st.tuples(st.integers(-50, 0), st.integers(1, 9)), max_size=30), st.integers(1, 8))
def test_with_more_than_slots_owners_take_turns_and_no_run_is_lost(
    waiting: list[tuple[int, int]], slots: int
) -> None:
    claims = [
        Claimed(uuid.uuid4(), 1, NOW + timedelta(seconds=due), 5, turn) for due, turn in waiting
    ]
    intake = intake_of(slots, *claims)
    taken = intake.take(NOW)
    assert len(taken) == min(slots, len(claims))
    left = intake.close()
    assert {run.run_id for run in [*taken, *left]} == {claim.run_id for claim in claims}
    if left:
        assert max(run.turn for run in taken) <= min(run.turn for run in left)


def test_an_owners_urgent_run_takes_its_next_turn_whenever_it_came() -> None:
    anna, ben = uuid.uuid4(), uuid.uuid4()

    def waiting(team: uuid.UUID, turn: int, priority: int) -> Claimed:
        return Claimed(uuid.uuid4(), 1, NOW, priority, turn, team)

    low = [waiting(anna, turn, 1) for turn in (1, 2)]
    other = waiting(ben, 1, 9)
    urgent = waiting(anna, 9, 9)
    intake = intake_of(2, *low, other, urgent)
    assert {run.run_id for run in intake.take(NOW)} == {urgent.run_id, other.run_id}


def test_what_is_withdrawn_waits_no_longer_and_may_come_back() -> None:
    runs = [claimed(0) for _ in range(3)]
    intake = intake_of(1, *runs)
    assert intake.waiting() == []  # a slot is free
    [taken] = intake.take(NOW)
    waiting = intake.waiting()
    assert {run.run_id for run in waiting} == {run.run_id for run in runs} - {taken.run_id}
    withdrawn = intake.withdraw({waiting[0].pair, taken.pair})
    assert withdrawn == [waiting[0]]
    assert intake.waiting() == [waiting[1]]
    intake.restore(withdrawn)
    assert len(intake.waiting()) == 2
