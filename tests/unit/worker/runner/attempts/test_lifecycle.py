"""The life of an attempt is one table: whole, without dead ends, and with one writer."""

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from punctual_worker.runner.attempts.attempt import LAUNCH, LIFE, ORDER, RunnerAttempt
from punctual_worker.runner.attempts.lifecycle_page import page
from punctual_worker.runner.attempts.phases import EVENTS, Alarm, LeaseLost, Phase
from punctual_worker.runner.attempts.transitions import TRANSITIONS, Action

ROOT = Path(__file__).resolve().parents[5]
RUNNER = ROOT / "services" / "worker" / "punctual_worker" / "runner"
PAGE = ROOT / "docs" / "internals" / "runner.md"
PROCESS_LIVES = [phase for phase in Phase if Phase.PRESTARTED < phase < Phase.DONE]
KILLED = {Phase.KILLING, Phase.KILLING_REST, Phase.DONE}

WRITERS = {
    **{field: {"attempts/attempt.py"} for field in ORDER},
    **{field: {"attempts/attempt.py", "launch"} for field in LAUNCH},
    **{field: {"attempts/attempt.py", "attempts/lifecycle.py"} for field in LIFE},
    "alarm_ns": {"attempts/attempt.py", "attempts/timers.py"},
    "pidfd": {"attempts/attempt.py", "supervise/exit_watch.py"},
    "crowd": {"attempts/attempt.py", "supervise/reaper.py"},
}
# These change a list, a dictionary or a set. `add` is left out: an output buffer has its own.
MUTATORS = {
    *("append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "reverse"),
    *("setdefault", "sort", "update", "difference_update", "intersection_update"),
}
# A pipe that is closed is taken out where it is read.
WRITERS["pipes"] = WRITERS["pipes"] | {"io/pipes.py"}


def test_every_event_is_listed_for_every_phase() -> None:
    assert set(TRANSITIONS) == set(product(Phase, EVENTS))


def test_every_action_is_taken_somewhere() -> None:
    assert {step[1] for step in TRANSITIONS.values() if step is not None} == set(Action)


def test_every_attempt_can_come_to_its_end_and_stays_there() -> None:
    for phase in Phase:
        assert Phase.DONE in _reachable(phase)
    assert _reachable(Phase.DONE) == {Phase.DONE}
    assert _reachable(Phase.WAITING) == set(Phase)


def test_no_phase_is_gone_back_to_but_for_another_shell() -> None:
    back = {
        (phase, step[0])
        for (phase, _), step in TRANSITIONS.items()
        if step is not None and step[0] < phase
    }
    assert back == {(Phase.PRESTARTED, Phase.WAITING)}


@pytest.mark.parametrize("phase", PROCESS_LIVES)
def test_a_phase_with_a_process_is_left_when_its_time_is_over(phase: Phase) -> None:
    step = TRANSITIONS[phase, Alarm]
    assert step is not None
    assert step[0] > phase


@pytest.mark.parametrize("phase", set(Phase) - KILLED)
def test_no_phase_but_that_of_a_killed_one_outlasts_the_lease(phase: Phase) -> None:
    assert TRANSITIONS[phase, LeaseLost] is not None


def test_every_field_belongs_to_a_group_with_a_writer() -> None:
    assert set(RunnerAttempt.__slots__) == set(WRITERS)


def test_no_module_writes_a_field_of_an_attempt_that_is_not_its_own() -> None:
    written = {
        (field, module)
        for module in map(str, _modules())
        for field in _written_in(RUNNER / module)
        if not {module, module.partition("/")[0]} & WRITERS[field]
    }
    assert written == set()


def test_the_writers_are_found_where_they_write() -> None:
    assert "phase" in set(_written_in(RUNNER / "attempts" / "lifecycle.py"))
    assert "pidfd" in set(_written_in(RUNNER / "supervise" / "exit_watch.py"))
    assert "pipes" in set(_written_in(RUNNER / "io" / "pipes.py"))


def test_the_page_in_docs_is_the_generated_one() -> None:
    """`python -m punctual_worker.runner.attempts.lifecycle_page` prints the page."""
    assert PAGE.read_text() == page()


def test_the_page_has_a_line_for_every_phase_event_and_step() -> None:
    lines = page().splitlines()
    assert sum(line.startswith("| `") for line in lines) == len(Phase) + len(EVENTS) + len(
        [step for step in TRANSITIONS.values() if step is not None]
    )


def _reachable(start: Phase) -> set[Phase]:
    found, left = {start}, [start]
    while left:
        phase = left.pop()
        for event in EVENTS:
            step = TRANSITIONS[phase, event]
            if step is not None and step[0] not in found:
                found.add(step[0])
                left.append(step[0])
    return found


def _modules() -> Iterator[Path]:
    for file in RUNNER.rglob("*.py"):
        yield file.relative_to(RUNNER)


def _written_in(file: Path) -> Iterator[str]:
    """Yield the fields of attempts that a module assigns, deletes, or changes an item of."""
    own = file.parent.name == "attempts" and file.name == "attempt.py"
    for node in ast.walk(ast.parse(file.read_text())):
        target = node.value if isinstance(node, ast.Subscript) else node
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            target = node.func.value if node.func.attr in MUTATORS else node
        elif not (
            isinstance(node, ast.Attribute | ast.Subscript)
            and isinstance(node.ctx, ast.Store | ast.Del)
        ):
            continue
        if (
            isinstance(target, ast.Attribute)
            and target.attr in WRITERS
            and (own or not (isinstance(target.value, ast.Name) and target.value.id == "self"))
        ):
            yield target.attr
