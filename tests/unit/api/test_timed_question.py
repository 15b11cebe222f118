"""A question that may never be answered holds up no caller, and is asked once at a time."""

import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer

import pytest

from punctual_api.http.timed_question import TimedQuestion
from tests.support.eventually import eventually


class Oracle:
    """Answers how often it was asked, once it may."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        self.may_answer.wait()
        return self.asked


def test_without_an_answer_in_time_there_is_none_and_nothing_more_is_asked() -> None:
    oracle = Oracle()
    question = TimedQuestion(oracle, seconds=0.01)
    assert question.ask() is None
    eventually(lambda: oracle.asked == 1)  # its thread may be late, too
    assert [question.ask() for _ in range(2)] == [None, None]
    assert oracle.asked == 1
    oracle.may_answer.set()
    eventually(lambda: (question.ask() or 0) > 1)


def test_only_the_first_to_ask_waits_for_all_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    def waited(_: Future[int], timeout: float) -> int:  # its time passes, however busy we are
        waits.append(timeout)
        raise NoAnswer

    monkeypatch.setattr(time, "monotonic", lambda: sum(waits))
    monkeypatch.setattr(Future, "result", waited)
    oracle = Oracle()
    question = TimedQuestion(oracle, seconds=10)
    assert [question.ask() for _ in range(3)] == [None, None, None]
    assert waits == [10, 0, 0]
    oracle.may_answer.set()


def test_a_question_that_fails_fails_where_it_was_asked() -> None:
    def fail() -> int:
        raise ValueError("no")

    question = TimedQuestion(fail, seconds=10)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            question.ask()
