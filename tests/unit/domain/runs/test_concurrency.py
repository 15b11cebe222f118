"""Concurrency limits: never more than there are places, and no run kept out without need."""

import uuid
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.runs.concurrency import Candidate, Limit, admit, limit_reached
from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.domain.runs.waiting import Hindrance
from punctual.domain.wording import clause

keys = st.frozensets(st.sampled_from("abcd"), max_size=3)
candidates = st.lists(keys.map(lambda own: Candidate(uuid.uuid4(), own)), max_size=20)
places = st.dictionaries(st.sampled_from("abcd"), st.integers(-2, 6))


@given(candidates, places)
def test_no_limit_is_overbooked(waiting: list[Candidate], free: dict[str, int]) -> None:
    admitted = set(admit(waiting, free))
    taken = Counter(key for each in waiting if each.run_id in admitted for key in each.keys)
    assert all(count <= free.get(key, 0) for key, count in taken.items())


@given(candidates, places)
def test_who_is_left_out_met_a_limit_that_earlier_ones_had_filled(
    waiting: list[Candidate], free: dict[str, int]
) -> None:
    admitted = set(admit(waiting, free))
    taken: Counter[str] = Counter()
    for each in waiting:
        fits = all(taken[key] < free.get(key, 0) for key in each.keys)
        assert fits == (each.run_id in admitted)
        if fits:
            taken.update(each.keys)


def test_a_limit_that_is_reached_is_said_in_words() -> None:
    task = Limit("k", 3, task_id=uuid.uuid4())
    limits = [Limit("k", 2, tag="db"), Limit("k", 1), task]
    assert [clause(limit_reached(limit)) for limit in limits] == [
        "tag db has reached its limit of 2 concurrent runs",
        "its team has reached its limit of 1 concurrent run",
        "this task has reached its limit of 3 concurrent runs",
    ]
    assert Hindrance(limit=limit_reached(task)).reason == limit_reached(task)
    assert Hindrance("gpu", limit_reached(task)).reason == coded(ReasonCode.NO_WORKER, queue="gpu")
