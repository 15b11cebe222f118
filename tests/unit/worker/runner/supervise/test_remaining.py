"""When nothing of an attempt lives, as far as looks at all processes can say."""

import os
import signal
from collections.abc import Iterator

import pytest

from punctual_worker.runner.supervise.remaining import MAX_EXAMINED, Remaining


@pytest.fixture
def zombie() -> Iterator[int]:
    """A process that is dead and not reaped."""
    pid = os.spawnlp(os.P_NOWAIT, "true", "true")
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    yield pid
    os.waitpid(pid, 0)


@pytest.fixture
def living() -> Iterator[int]:
    """A process that lives."""
    pid = os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "600")
    yield pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def remaining(*pids: int) -> Remaining:
    """What a look found."""
    left = Remaining()
    left.marked = list(pids)
    return left


def test_nothing_is_over() -> None:
    assert remaining().is_over(())


def test_a_process_that_died_since_the_look_is_not_over(zombie: int) -> None:
    assert not remaining(zombie).is_over(())


def test_a_process_that_was_dead_at_the_look_before_is_over(zombie: int) -> None:
    assert remaining(zombie).is_over(remaining(zombie).zombies())


def test_a_second_process_is_not_over_with_the_first(zombie: int, living: int) -> None:
    before = remaining(zombie, living).zombies()
    assert before == {zombie}
    assert not remaining(zombie, living).is_over(before)


def test_a_look_that_reaped_one_takes_another(zombie: int) -> None:
    left = remaining(zombie)
    left.died = True
    assert not left.is_over(left.zombies())


def test_of_very_many_none_counts_as_dead(zombie: int) -> None:
    crowd = remaining(*[zombie] * (MAX_EXAMINED + 1))
    assert (crowd.zombies(), crowd.living()) == (frozenset(), MAX_EXAMINED + 1)
