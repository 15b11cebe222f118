"""Timeouts and stops: TERM first, KILL after the grace, the first reason stays."""

import signal
from shlex import quote

from tests.integration.worker.runner.harness import DEAF, SECOND, Stage, in_seconds, is_alive


def test_a_timeout_asks_first(stage: Stage) -> None:
    ended = stage.run("trap 'echo asked; exit 5' TERM; sleep 600 & wait", timeout_s=0.3)
    assert (ended.stopped, ended.exit_code, ended.output) == ("timeout", 5, b"asked\n")
    assert ended.started_ns is not None
    assert ended.ended_ns - ended.started_ns >= 0.3 * SECOND


def test_a_command_deaf_to_the_question_is_killed_after_its_grace(stage: Stage) -> None:
    ended = stage.run("trap '' TERM; while :; do sleep 600; done", timeout_s=0.2, grace_s=0.3)
    assert (ended.stopped, ended.exit_code, ended.signal) == ("timeout", None, signal.SIGKILL)
    assert ended.started_ns is not None
    assert ended.ended_ns - ended.started_ns >= 0.5 * SECOND


def test_a_stop_says_why(stage: Stage) -> None:
    key = stage.start("sleep 600")
    stage.started(key)
    stage.client.stop(key, "cancelled")
    ended = stage.ended(key)
    assert (ended.stopped, ended.signal) == ("cancelled", signal.SIGTERM)


def test_the_first_reason_stays(stage: Stage) -> None:
    key = stage.start_ready(DEAF)
    stage.client.stop(key, "first")
    stage.client.stop(key, "second")
    stage.client.stop_all("third", 0.2)
    assert stage.ended(key).stopped == "first"


def test_a_stop_before_the_instant_means_it_never_starts(stage: Stage) -> None:
    key = stage.start("echo never", at_ns=in_seconds(600))
    stage.client.stop(key, "cancelled")
    ended = stage.ended(key)
    assert (ended.stopped, ended.started_ns, ended.exit_code) == ("cancelled", None, None)


def test_a_stop_of_what_already_ended_is_no_news(stage: Stage) -> None:
    key = stage.start("exit 3")
    assert stage.ended(key).exit_code == 3
    stage.client.stop(key, "too late")
    stage.client.stop("unknown", "unknown too")
    assert stage.run("exit 4").exit_code == 4


def test_stop_all_ends_what_runs_and_what_waits(stage: Stage) -> None:
    running = [stage.start_ready(DEAF) for _ in range(3)]
    waiting = [stage.start("echo never", at_ns=in_seconds(600)) for _ in range(3)]
    stage.client.stop_all("drained", 0.2)

    assert {stage.ended(key).signal for key in running} == {signal.SIGKILL}
    assert {stage.ended(key).started_ns for key in waiting} == {None}
    assert {stage.ended(key).stopped for key in running + waiting} == {"drained"}
    assert stage.run("exit 6").exit_code == 6


def test_a_command_that_stopped_itself_is_woken_to_be_asked(stage: Stage) -> None:
    trap = "trap 'echo asked; exit 5' TERM; "
    key = stage.start_ready(trap + "touch $READY; kill -STOP $$; while :; do sleep .01; done")
    stage.client.stop(key, "cancelled")
    assert stage.ended(key).stream(1) == b"asked\n"


def test_the_question_reaches_those_who_left_the_group(stage: Stage) -> None:
    leaver = (
        "trap 'echo leaver asked; exit' TERM; echo $$; touch $READY; while :; do sleep .01; done"
    )
    key = stage.start_ready(f"trap : TERM; setsid --wait sh -c {quote(leaver)} & wait; wait")
    stage.client.stop(key, "cancelled")
    pid, printed = stage.ended(key).stream(1).splitlines()
    assert printed == b"leaver asked"
    assert not is_alive(int(pid))
