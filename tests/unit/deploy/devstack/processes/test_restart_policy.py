"""When a process that died is started again."""

from pathlib import Path

from punctual_devstack.processes.restart_policy import SupervisedProcess, end_in_words
from punctual_devstack.processes.spawn import Spec


def supervised() -> SupervisedProcess:
    return SupervisedProcess(Spec("any", ("true",), {}, Path("/")))


def test_after_a_second_and_each_time_a_second_more_up_to_five() -> None:
    process = supervised()
    delays = []
    for _ in range(7):
        process.has_started(1)
        delays.append(process.has_died())
    assert delays == [1, 2, 3, 4, 5, 5, 5]


def test_after_a_second_again_once_it_ran_for_long() -> None:
    process = supervised()
    for _ in range(4):
        process.has_started(1)
        process.has_died()
    process.has_started(1)
    process.started -= 60
    assert process.has_died() == 1


def test_an_end_is_described_in_words() -> None:
    assert end_in_words(3) == "exit code 3"
    assert end_in_words(-9) == "killed by signal 9"
