"""Every step of the table of an attempt's life is taken by real processes in a real runner."""

import sys
from pathlib import Path

import pytest

from punctual_worker.runner.attempts.transitions import TRANSITIONS
from tests.integration.worker.runner.harness import LONG, NewStage
from tests.integration.worker.runner.lifecycle_scenarios import SCENARIOS, Scenario

pytestmark = pytest.mark.usefixtures("dash")
# Some steps are taken in a race, which the other side may win on a busy machine.
TRIES = 5
# A chain of forks has to outrun two looks in a row, which no test can force: test_chains.py has
# chains end, and has `kill_newest` kill one.
NOT_FORCED = {"KILLING_REST NewestKilled"}

# Stands in for the interpreter: runs the same runner, and notes each step that it takes.
RECORDER = """
import sys
from punctual_worker.runner import __main__ as runner
from punctual_worker.runner.attempts.lifecycle import Lifecycle
steps = open(sys.argv.pop(1), "a", buffering=1)
take = Lifecycle.on
def on(self, attempt, event):
    phase = attempt.phase.name
    taken = take(self, attempt, event)
    if taken:
        print(phase, type(event).__name__, file=steps)
    return taken
Lifecycle.on = on
sys.exit(runner.main())
"""


@pytest.mark.parametrize(
    ("scenario", "steps"), SCENARIOS, ids=[scenario.__name__ for scenario, _ in SCENARIOS]
)
def test_a_step_is_taken_when(
    new_stage: NewStage, tmp_path: Path, scenario: Scenario, steps: frozenset[str]
) -> None:
    taken = tmp_path / "steps"
    interpreter = tmp_path / "python"
    (tmp_path / "recorder").write_text(RECORDER)
    interpreter.write_text(
        f'#!/bin/sh\nshift 5\nexec {sys.executable} -I {tmp_path}/recorder {taken} "$@"\n'
    )
    interpreter.chmod(0o700)
    stage = new_stage(python=str(interpreter))
    for _ in range(TRIES):
        stage.lease(LONG)
        scenario(stage, tmp_path)
        if steps <= set(taken.read_text().splitlines()):
            return
    assert steps <= set(taken.read_text().splitlines())


def test_every_step_of_the_table_has_a_scenario() -> None:
    table = {
        f"{phase.name} {event.__name__}"
        for (phase, event), step in TRANSITIONS.items()
        if step is not None
    }
    assert set().union(*(steps for _, steps in SCENARIOS)) == table - NOT_FORCED
