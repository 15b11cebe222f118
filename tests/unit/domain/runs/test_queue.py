"""Queues: which labels there may be, and how a worker's list of them is read."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.runs.queue import is_queue, parse_queues
from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.domain.runs.waiting import Hindrance

LETTERS = string.ascii_lowercase + string.digits + "-"
names = st.text(LETTERS, min_size=1, max_size=40)


@given(names)
def test_every_name_of_the_rule_is_a_queue(name: str) -> None:
    assert is_queue(name)


@given(st.text())
def test_nothing_else_is_one(name: str) -> None:
    assert is_queue(name) == (1 <= len(name) <= 40 and set(name) <= set(LETTERS))


@given(st.lists(names, min_size=1), st.sampled_from([",", ", ", " ,", ",,"]))
def test_a_list_is_read_in_order_and_names_each_once(queues: list[str], between: str) -> None:
    read = parse_queues(between.join(queues))
    assert list(read) == list(dict.fromkeys(queues))


@pytest.mark.parametrize("text", ["", " , ", "GPU", "a b", "gpu\n,", "a" * 41, "default;gpu"])
def test_a_list_with_anything_else_is_refused(text: str) -> None:
    if text == "gpu\n,":
        assert parse_queues(text) == ("gpu",)
    else:
        with pytest.raises(ValueError, match="lower-case"):
            parse_queues(text)


def test_what_a_run_waits_for_is_a_reason() -> None:
    assert Hindrance().reason is None
    assert Hindrance(queue="gpu").reason == coded(ReasonCode.NO_WORKER, queue="gpu")
