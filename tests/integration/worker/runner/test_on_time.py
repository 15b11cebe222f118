"""When a command starts."""

import sys

from tests.integration.worker.runner.harness import SECOND, Stage, in_seconds


def test_a_command_starts_on_its_instant_and_never_before_it(stage: Stage) -> None:
    first = in_seconds(0.3)
    due = {stage.start("date +%s", at_ns=first + i * 7_300_000): i for i in range(50)}

    for key, i in due.items():
        at_ns = first + i * 7_300_000
        assert at_ns <= stage.ended_start(key) < at_ns + SECOND


def test_a_start_is_reported_while_the_command_runs_if_that_takes_a_while(stage: Stage) -> None:
    key = stage.start("sleep 600")
    started = stage.started(key)
    assert not stage.has_ended(key)
    stage.client.stop(key, "cancelled")
    assert stage.ended_start(key) == started.at_ns


def test_the_command_itself_sees_a_clock_that_is_not_early(stage: Stage) -> None:
    print_now = "import time; print(time.monotonic_ns())"
    due = {
        stage.start(argv=_python(print_now), at_ns=at): at
        for at in map(in_seconds, (0.3, 0.35, 0.4))
    }

    for key, at_ns in due.items():
        assert at_ns <= int(stage.ended(key).output)


def test_an_instant_in_the_past_means_now(stage: Stage) -> None:
    assert stage.run("echo late", at_ns=in_seconds(-3600)).output == b"late\n"


def test_starts_of_one_instant_keep_the_order_in_which_they_were_given(stage: Stage) -> None:
    at_ns = in_seconds(0.2)
    keys = [stage.start(":", at_ns=at_ns) for _ in range(40)]

    starts = [stage.ended_start(key) for key in keys]
    assert starts == sorted(starts)


def test_what_is_due_first_starts_first_whatever_the_order_of_arrival(stage: Stage) -> None:
    at_ns = in_seconds(0.3)
    keys = [stage.start(":", at_ns=at_ns - i * 1_000_000) for i in range(40)]

    starts = [stage.ended_start(key) for key in keys]
    assert starts == sorted(starts, reverse=True)


def test_a_repeated_start_order_starts_nothing_twice(stage: Stage) -> None:
    at_ns = in_seconds(0.1)
    for _ in range(3):
        stage.start("echo once; sleep 0.2", key="same", at_ns=at_ns)
    stage.ended("same")
    stage.run(":")

    assert [report.key for report in stage.reports].count("same") == 2  # one start, one end


def _python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", code)
