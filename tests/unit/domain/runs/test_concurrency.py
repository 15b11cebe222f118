"""Concurrency limits: never more than there are places, and no run kept out without need."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.runs.concurrency import Candidate, Limit, Queued, admit, limit_reached
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


AT = datetime(2030, 1, 1, tzinfo=UTC)


def candidate(queue: str, seconds: int) -> Candidate:
    return Candidate(uuid.uuid4(), frozenset("k"), Queued(queue, AT + timedelta(seconds=seconds)))


@pytest.mark.parametrize(
    ("due", "queue", "fits"), [(4, "a", True), (5, "a", False), (6, "a", False), (6, "b", True)]
)
def test_what_is_dispatched_holds_its_place_against_later_runs_of_its_queue_alone(
    due: int, queue: str, fits: bool
) -> None:
    ahead = {"k": {"a": [AT + timedelta(seconds=5)]}}
    waiting = candidate(queue, due)
    assert admit([waiting], {"k": 1}, ahead) == ([waiting.run_id] if fits else [])


def test_those_admitted_together_share_the_places_of_their_queue() -> None:
    waiting = [candidate("a", 1), candidate("a", 2), candidate("b", 3), candidate("a", 4)]
    assert admit(waiting, {"k": 2}, {}) == [run.run_id for run in waiting[:3]]
    assert admit(waiting, {"k": 0}, {}) == []


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
