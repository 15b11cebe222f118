"""Scenarios of real processes, each with the steps of an attempt's life that it is there for."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import Any

from punctual_worker.agent.runner_link.messages import EndedEvent
from punctual_worker.runner.attempts.lifecycle import NOT_KILLED
from tests.integration.worker.runner.harness import DEAF, Stage, in_seconds
from tests.integration.worker.runner.test_chains import python
from tests.integration.worker.runner.test_prestarted_shell import prestart
from tests.support.eventually import eventually

Scenario = Callable[[Stage, Path], EndedEvent]
SCENARIOS: list[tuple[Scenario, frozenset[str]]] = []


def takes(*steps: str) -> Callable[[Scenario], Scenario]:
    """Declare the steps that a scenario is there for."""

    def note(scenario: Scenario) -> Scenario:
        SCENARIOS.append((scenario, frozenset(steps)))
        return scenario

    return note


STAY = "while :; do sleep .01; done"
DEAF_REST = f"trap '' TERM; touch $READY; {STAY}"
MANY = "for i in $(seq {}); do sleep 600 & done"


def leaves(rest: str, main: str = "exit 3") -> str:
    """Return a command that leaves a process behind once that is set up."""
    return f"sh -c {quote(rest)} & until [ -e $READY ]; do sleep .01; done; {main}"


def left(stage: Stage, rest: str, **order: Any) -> str:
    """Start a command that leaves a process behind, and wait until its main process has ended."""
    key = stage.start_ready(leaves(rest), **order)
    eventually(lambda: stage.has_no_main_process(key))
    return key


def left_after_stop(stage: Stage, rest: str, **order: Any) -> str:
    """Stop a command that leaves a process behind, and wait until its main process has ended."""
    key = stage.start_ready(leaves(rest, "exec sleep 600"), **order)
    stage.started(key)
    stage.client.stop(key, "cancelled")
    eventually(lambda: stage.has_no_main_process(key))
    return key


def stop(stage: Stage, key: str) -> EndedEvent:
    stage.client.stop(key, "cancelled")
    return stage.ended(key)


def lose_lease(stage: Stage, key: str) -> EndedEvent:
    stage.client.extend_lease(None)
    return stage.ended(key)


@takes("WAITING Launched", "RUNNING Exited", "FLUSHING PipesClosed", "FLUSHING NothingLeft")
def a_command_ends_before_its_child(stage: Stage, _: Path) -> EndedEvent:
    return stage.run("sleep .3 & exit 3")


@takes("WAITING LaunchFailed")
def it_cannot_be_started(stage: Stage, _: Path) -> EndedEvent:
    return stage.run(argv=("/nowhere",))


@takes("WAITING StopOrdered")
def it_is_stopped_before_its_instant(stage: Stage, _: Path) -> EndedEvent:
    return stop(stage, stage.start("exit 3", at_ns=in_seconds(600)))


@takes("WAITING LeaseLost")
def there_is_no_lease_on_its_instant(stage: Stage, _: Path) -> EndedEvent:
    stage.client.extend_lease(None)
    return stage.run("exit 3")


@takes("WAITING Prestarted", "PRESTARTED ShellLost")
def its_shell_dies_at_the_gate(stage: Stage, folder: Path) -> EndedEvent:
    key, pid = prestart(stage, folder / f"proof-{len(stage.reports)}")
    os.kill(pid, signal.SIGKILL)
    return stage.ended(key)


@takes("PRESTARTED Launched")
def its_shell_waits_at_the_gate(stage: Stage, folder: Path) -> EndedEvent:
    return stage.ended(prestart(stage, folder / f"proof-{len(stage.reports)}")[0])


@takes("PRESTARTED StopOrdered", "KILLING Exited", "KILLING_REST NothingLeft")
def it_is_stopped_while_its_shell_waits(stage: Stage, folder: Path) -> EndedEvent:
    return stop(stage, prestart(stage, folder / f"proof-{len(stage.reports)}")[0])


@takes("PRESTARTED LeaseLost")
def the_lease_is_lost_while_its_shell_waits(stage: Stage, folder: Path) -> EndedEvent:
    return lose_lease(stage, prestart(stage, folder / f"proof-{len(stage.reports)}")[0])


@takes(
    "RUNNING StopOrdered",
    "TERMINATING Exited",
    "FLUSHING_STOPPED PipesClosed",
    "FLUSHING_STOPPED NothingLeft",
)
def it_is_stopped_and_its_child_takes_longer(stage: Stage, _: Path) -> EndedEvent:
    slow = f"trap 'sleep .3; exit' TERM; touch $READY; {STAY}"
    return stage.ended(left_after_stop(stage, slow))


@takes("RUNNING Alarm", "TERMINATING Alarm", "KILLING Exited")
def it_ignores_its_timeout(stage: Stage, _: Path) -> EndedEvent:
    return stage.run(f"trap '' TERM; {STAY}", timeout_s=0.3, grace_s=0.2)


@takes("RUNNING LeaseLost")
def the_lease_is_lost_while_it_runs(stage: Stage, _: Path) -> EndedEvent:
    return lose_lease(stage, stage.start_ready("touch $READY; exec sleep 600"))


@takes("TERMINATING StopOrdered")
def it_is_stopped_again_with_less_grace(stage: Stage, _: Path) -> EndedEvent:
    key = stage.start_ready(DEAF)
    stage.client.stop(key, "cancelled")
    stage.client.stop_all("shutdown", 0.2)
    return stage.ended(key)


@takes("TERMINATING LeaseLost")
def the_lease_is_lost_in_its_grace(stage: Stage, _: Path) -> EndedEvent:
    key = stage.start_ready(DEAF)
    stage.client.stop(key, "cancelled")
    return lose_lease(stage, key)


@takes("RUNNING LimitExceeded")
def it_exceeds_a_limit(stage: Stage, _: Path) -> EndedEvent:
    return stage.run(f"{MANY.format(12)}; exec sleep 600", limits={"processes": 8})


@takes("TERMINATING LimitExceeded")
def it_exceeds_a_limit_in_its_grace(stage: Stage, _: Path) -> EndedEvent:
    grows = f"trap {quote(MANY.format(12))} TERM; touch $READY; {STAY}"
    return stop(stage, stage.start_ready(grows, limits={"processes": 8}))


@takes("FLUSHING StopOrdered", "TERMINATING_REST SomeLeft", "TERMINATING_REST NothingLeft")
def it_is_stopped_after_its_end(stage: Stage, _: Path) -> EndedEvent:
    return stop(stage, left(stage, "touch $READY; exec sleep 600", end_grace_s=60))


@takes("FLUSHING Alarm", "TERMINATING_REST Alarm", "KILLING_REST SomeLeft")
def what_it_leaves_ignores_term(stage: Stage, _: Path) -> EndedEvent:
    # In a session of its own, so that it outlives the KILL to the command's group.
    apart = f"exec setsid sh -c {quote(DEAF_REST)}"
    return stage.ended(stage.start_ready(leaves(apart), end_grace_s=0.1))


@takes("FLUSHING LeaseLost")
def the_lease_is_lost_after_its_end(stage: Stage, _: Path) -> EndedEvent:
    return lose_lease(stage, left(stage, DEAF_REST, end_grace_s=60))


@takes("FLUSHING LimitExceeded")
def what_it_leaves_exceeds_a_limit(stage: Stage, _: Path) -> EndedEvent:
    grows = f"touch $READY; sleep .2; {MANY.format(12)}; {STAY}"
    return stage.ended(left(stage, grows, end_grace_s=60, limits={"processes": 8}))


@takes("FLUSHING TooManyLeft")
def what_it_leaves_is_a_crowd(stage: Stage, _: Path) -> EndedEvent:
    grows = f"touch $READY; sleep .2; {MANY.format(90)}; {STAY}"
    return stage.ended(left(stage, grows, end_grace_s=60))


@takes("FLUSHING_STOPPED StopOrdered", "FLUSHING_STOPPED Alarm")
def it_is_stopped_again_while_its_child_takes_longer(stage: Stage, _: Path) -> EndedEvent:
    key = left_after_stop(stage, DEAF_REST)
    stage.client.stop_all("shutdown", 0.2)
    return stage.ended(key)


@takes("FLUSHING_STOPPED LeaseLost")
def the_lease_is_lost_while_its_child_takes_longer(stage: Stage, _: Path) -> EndedEvent:
    return lose_lease(stage, left_after_stop(stage, DEAF_REST))


@takes("FLUSHING_STOPPED LimitExceeded")
def its_child_exceeds_a_limit_after_the_stop(stage: Stage, _: Path) -> EndedEvent:
    grows = f"trap {quote('trap : TERM;' + MANY.format(12))} TERM; touch $READY; {STAY}"
    return stage.ended(left_after_stop(stage, grows, limits={"processes": 8}))


@takes("FLUSHING_STOPPED TooManyLeft")
def its_child_becomes_a_crowd_after_the_stop(stage: Stage, _: Path) -> EndedEvent:
    grows = f"trap {quote('trap : TERM;' + MANY.format(90))} TERM; touch $READY; {STAY}"
    return stage.ended(left_after_stop(stage, grows))


@takes("TERMINATING_REST LeaseLost")
def the_lease_is_lost_while_what_it_leaves_has_term(stage: Stage, folder: Path) -> EndedEvent:
    got_term = folder / f"got-term-{len(stage.reports)}"
    confirms = f"trap ': > {got_term}' TERM; touch $READY; {STAY}"
    key = stage.start_ready(leaves(confirms), end_grace_s=0)
    eventually(got_term.exists, every=0.002)
    return lose_lease(stage, key)


@takes("TERMINATING_REST LimitExceeded")
def what_it_leaves_exceeds_a_limit_when_it_has_term(stage: Stage, _: Path) -> EndedEvent:
    grows = f"trap {quote('trap : TERM;' + MANY.format(12))} TERM; touch $READY; {STAY}"
    return stage.ended(stage.start_ready(leaves(grows), end_grace_s=0, limits={"processes": 8}))


# Each of these has itself traced by another run, and so stays a zombie when it is killed.
TRACED = """
import ctypes, os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
PR_SET_PTRACER = 0x59616d61
for _ in range(int(sys.argv[2])):
    if os.fork() == 0:
        break
ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
with open(sys.argv[1], "a") as file:
    print(os.getpid(), file=file, flush=True)
time.sleep(600)
"""
TRACER = """
import ctypes, os, sys, time
pids, seized, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
PTRACE_SEIZE = 0x4206
while not os.path.exists(pids) or open(pids).read().count("\\n") <= number:
    time.sleep(0.001)
for pid in map(int, open(pids)):
    assert ctypes.CDLL(None, use_errno=True).ptrace(PTRACE_SEIZE, pid, None, None) == 0
open(seized, "w").close()
time.sleep(600)
"""


@takes("KILLING Alarm")
def it_cannot_be_killed(stage: Stage, folder: Path) -> EndedEvent:
    pids, seized = folder / "pids", folder / "seized"
    tracer = stage.start(python(TRACER, pids, seized, 0))
    key = stage.start(f"exec {python(TRACED, pids, 0)}", grace_s=0)
    eventually(seized.exists)
    ended = stop(stage, key)
    assert ended.error == NOT_KILLED
    assert not stage.has_ended(tracer)
    return ended


@takes("KILLING_REST Alarm")
def what_it_leaves_cannot_be_killed(stage: Stage, folder: Path) -> EndedEvent:
    # Zombies are recognized one by one only while they are few.
    pids, seized = folder / "pids", folder / "seized"
    stage.start(python(TRACER, pids, seized, 80))
    waits = f"until [ -e {seized} ]; do sleep .01; done"
    ended = stage.run(f"{python(TRACED, pids, 80)} & {waits}", end_grace_s=0)
    assert ended.error == NOT_KILLED
    return ended
