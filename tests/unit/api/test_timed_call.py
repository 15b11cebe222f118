"""A call that may never return delays no caller, and is made once at a time."""

import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer

import pytest

from punctual_api.http.timed_call import TimedCall
from tests.support.eventually import eventually


class Oracle:
    """Returns how often it was called, once it may."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        self.may_answer.wait()
        return self.calls


def test_without_an_answer_in_time_there_is_none_and_no_other_call_is_made() -> None:
    oracle = Oracle()
    call = TimedCall(oracle, seconds=0.01)
    assert call.result() is None
    eventually(lambda: oracle.calls == 1)  # its thread may be late, too
    assert [call.result() for _ in range(2)] == [None, None]
    assert oracle.calls == 1
    oracle.may_answer.set()
    eventually(lambda: (call.result() or 0) > 1)


def test_only_the_first_to_ask_waits_for_all_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    def waited(_: Future[int], timeout: float) -> int:  # its time passes, however busy we are
        waits.append(timeout)
        raise NoAnswer

    monkeypatch.setattr(time, "monotonic", lambda: sum(waits))
    monkeypatch.setattr(Future, "result", waited)
    oracle = Oracle()
    call = TimedCall(oracle, seconds=10)
    assert [call.result() for _ in range(3)] == [None, None, None]
    assert waits == [10, 0, 0]
    oracle.may_answer.set()


def test_a_call_that_fails_raises_its_error_for_the_caller() -> None:
    def fail() -> int:
        raise ValueError("no")

    call = TimedCall(fail, seconds=10)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            call.result()
