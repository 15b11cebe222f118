"""The scheduler ticks, and ends when it is stopped."""

import threading
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from structlog.testing import capture_logs

from punctual_coordinator.scheduler import keep_ticking
from tests.support.eventually import eventually


def test_every_duty_ticks_at_once_and_again_and_again() -> None:
    stop, ticks = threading.Event(), threading.Semaphore(0)
    rare = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        over = pool.submit(keep_ticking, {ticks.release: 0.01, rare.set: 3600}, stop)
        assert all(ticks.acquire(timeout=10) for _ in range(5))
        assert rare.wait(10)
        stop.set()
        over.result(10)


def test_a_slow_duty_never_overlaps_itself_and_is_finished_at_the_end() -> None:
    stop, begun, go_on = threading.Event(), threading.Semaphore(0), threading.Event()
    other, finished = threading.Semaphore(0), []

    def slow() -> None:
        begun.release()
        go_on.wait(10)
        finished.append(True)

    with ThreadPoolExecutor(1) as pool:
        over = pool.submit(keep_ticking, {slow: 0.01, other.release: 0.01}, stop)
        assert begun.acquire(timeout=10)
        assert all(other.acquire(timeout=10) for _ in range(5))
        assert not begun.acquire(blocking=False)
        stop.set()
        assert not over.done()
        go_on.set()
        over.result(10)
    assert finished


def test_a_stop_before_it_began_makes_it_return() -> None:
    stop = threading.Event()
    stop.set()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(keep_ticking, {threading.Event().set: 1}, stop).result(10)


def test_a_duty_that_fails_ticks_again() -> None:
    stop, ticks = threading.Event(), threading.Semaphore(0)

    def fail() -> None:
        ticks.release()
        raise ValueError("this time")

    with ThreadPoolExecutor(1) as pool:
        over = pool.submit(keep_ticking, {fail: 0.01}, stop)
        assert all(ticks.acquire(timeout=10) for _ in range(3))
        stop.set()
        over.result(10)


def test_a_turn_that_lasts_into_the_next_is_logged_once() -> None:
    stop, go_on, other = threading.Event(), threading.Semaphore(0), threading.Semaphore(0)

    def sweep() -> None:
        while not stop.is_set() and not go_on.acquire(timeout=0.1):
            continue

    def lines_of_sweep() -> list[MutableMapping[str, Any]]:
        return [line for line in lines if line["duty"] == "sweep"]  # others may be late as well

    with capture_logs() as lines, ThreadPoolExecutor(1) as pool:
        over = pool.submit(keep_ticking, {sweep: 0.01, other.release: 0.01}, stop)
        try:
            eventually(lambda: len(lines_of_sweep()) == 1)
            assert all(other.acquire(timeout=10) for _ in range(5))
            assert len(lines_of_sweep()) == 1
            go_on.release()
            eventually(lambda: len(lines_of_sweep()) == 2)
        finally:
            stop.set()
        over.result(10)
    expected = {"event": "duty interval exceeded", "duty": "sweep", "log_level": "warning"}
    assert lines_of_sweep()[0] == expected
