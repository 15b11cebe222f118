"""The database itself holds every run to the state machine, whichever role asks."""

from collections import deque
from collections.abc import Iterator
from itertools import product

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from punctual.domain.runs.states import (
    FINAL,
    INITIAL,
    MOVES,
    PAUSED_RETRY_ENDS,
    PENDING,
    RunState,
)
from punctual.store.lifecycle.insert import NewRun, insert_runs
from punctual.store.schema.models.model import new_id
from tests.support.rows import database_now, new_task, run_row

STEP = text("""
UPDATE runs SET state = :new, attempt = attempt + :started,
                reason_code = coalesce(:reason, reason_code) WHERE id = :id
""")


def way_to(state: RunState) -> list[RunState]:
    """The shortest life that ends in `state`."""
    ways = deque([[born] for born in sorted(INITIAL)])
    while ways:
        way = ways.popleft()
        if way[-1] is state:
            return way
        ways.extend([*way, step] for step in sorted(MOVES[way[-1]]))
    raise AssertionError(f"nothing leads to {state}")


class Life:
    """One run in a transaction that is never committed."""

    def __init__(self, connection: Connection, engine: Engine) -> None:
        self.connection = connection
        self._task = new_task(engine)
        self._due = database_now(engine)

    def begin(self, state: RunState) -> None:
        """Insert the run in this state."""
        run = NewRun(self._task, self._due, self._due, state=state)
        [self.id] = insert_runs(self.connection, [run])

    def lead_to(self, state: RunState) -> None:
        """Insert the run and take it to `state` by allowed moves."""
        born, *moves = way_to(state)
        self.begin(born)
        for move in moves:
            self.step(move)

    def step(self, new: RunState, *, reason: str | None = None) -> None:
        """Take one step, counting the attempt where one starts."""
        started = run_row(self.connection, self.id).state == "claimed" and new == "running"
        params = {"id": self.id, "new": new, "started": int(started), "reason": reason}
        self.connection.execute(STEP, params)

    def change(self, assignment: str) -> None:
        """Change a column and no state."""
        self.connection.execute(
            text(f"UPDATE runs SET {assignment} WHERE id = :id"), {"id": self.id}
        )


@pytest.fixture
def life(engine: Engine) -> Iterator[Life]:
    """A run that is about to begin."""
    with engine.connect() as connection:
        yield Life(connection, engine)


@pytest.mark.parametrize(("old", "new"), list(product(RunState, RunState)))
def test_exactly_the_moves_of_the_domain_are_possible(
    life: Life, old: RunState, new: RunState
) -> None:
    life.lead_to(old)
    stays = old is new and old not in FINAL
    if new in MOVES[old] or stays:
        life.step(new)
        assert run_row(life.connection, life.id).state == new
    else:
        with pytest.raises(IntegrityError, match=r"may not go from|is final"):
            life.step(new)


@pytest.mark.parametrize(("old", "new"), list(product(sorted(PENDING), RunState)))
def test_only_a_run_that_waits_for_its_next_attempt_may_end_as_the_last_one(
    life: Life, old: RunState, new: RunState
) -> None:
    life.lead_to(RunState.RUNNING)
    life.step(RunState.SCHEDULED)
    for step in way_to(old)[1:]:
        life.step(step)
    if new in PAUSED_RETRY_ENDS:
        with pytest.raises(IntegrityError, match="may not go from"), life.connection.begin_nested():
            life.step(new)
        life.step(new, reason="paused")
        assert run_row(life.connection, life.id).state == new
    elif new in MOVES[old] or old is new:
        life.step(new)
        assert run_row(life.connection, life.id).state == new
    else:
        with pytest.raises(IntegrityError, match="may not go from"):
            life.step(new)


@pytest.mark.parametrize("state", RunState)
def test_a_run_is_born_only_in_certain_states(life: Life, state: RunState) -> None:
    if state in INITIAL:
        life.begin(state)
        assert run_row(life.connection, life.id).state == state
    else:
        with pytest.raises(IntegrityError, match="may not be born"):
            life.begin(state)


@pytest.mark.parametrize("state", sorted(FINAL))
@pytest.mark.parametrize(
    "change", ["reason = 'rewritten'", "exit_code = 0", "fence = fence + 1", "superseded = true"]
)
def test_nothing_of_a_final_run_can_be_changed(life: Life, state: RunState, change: str) -> None:
    life.lead_to(state)
    with pytest.raises(IntegrityError, match="is final"):
        life.change(change)


@pytest.mark.parametrize("state", sorted(set(RunState) - FINAL))
def test_a_fence_never_shrinks(life: Life, state: RunState) -> None:
    life.lead_to(state)
    life.change("fence = 7")
    with pytest.raises(IntegrityError, match="may only grow"):
        life.change("fence = 6")


@pytest.mark.parametrize("state", sorted(set(RunState) - FINAL))
@pytest.mark.parametrize("change", [-1, 1])
def test_an_attempt_is_counted_at_its_start_and_nowhere_else(
    life: Life, state: RunState, change: int
) -> None:
    life.lead_to(state)
    with pytest.raises(IntegrityError, match="grows by one, at its start"):
        life.change(f"attempt = attempt + {change}")


GIVEN_BACK = "attempt = attempt - 1, fence = fence + 1"


@pytest.mark.parametrize("state", sorted(MOVES[RunState.RUNNING]))
def test_only_a_start_that_is_given_back_takes_its_attempt_back(
    life: Life, state: RunState
) -> None:
    life.lead_to(RunState.RUNNING)
    change = f"state = '{state}', {GIVEN_BACK}"
    if state in (RunState.SCHEDULED, RunState.CANCELLED):
        life.change(change)
        assert run_row(life.connection, life.id).attempt == 0
    else:
        with pytest.raises(IntegrityError, match="grows by one, at its start"):
            life.change(change)


def test_an_attempt_whose_start_is_on_record_is_not_taken_back(life: Life) -> None:
    life.lead_to(RunState.RUNNING)
    life.change("started_at = now()")
    with pytest.raises(IntegrityError, match="grows by one, at its start"):
        life.change(f"state = 'scheduled', {GIVEN_BACK}")


def test_an_attempt_is_not_taken_back_under_the_same_fence(life: Life) -> None:
    life.lead_to(RunState.RUNNING)
    with pytest.raises(IntegrityError, match="grows by one, at its start"):
        life.change("state = 'scheduled', attempt = attempt - 1")


@pytest.mark.parametrize("counted", [0, 2])
def test_a_start_counts_exactly_one_attempt(life: Life, counted: int) -> None:
    life.lead_to(RunState.CLAIMED)
    with pytest.raises(IntegrityError, match="grows by one, at its start"):
        life.change(f"state = 'running', attempt = attempt + {counted}")


def test_a_run_is_born_without_attempts(life: Life, engine: Engine) -> None:
    life.begin(RunState.SCHEDULED)
    with pytest.raises(IntegrityError, match="may not be born"):
        life.connection.execute(
            text("""
            INSERT INTO runs (id, task_id, team_id, state, trigger, scheduled_for, due_at,
                              attempt, max_attempts, priority, overlap, spec)
            SELECT :new, task_id, team_id, 'scheduled', 'manual', scheduled_for, due_at,
                   1, max_attempts, priority, overlap, spec FROM runs WHERE id = :id"""),
            {"id": life.id, "new": new_id()},
        )
