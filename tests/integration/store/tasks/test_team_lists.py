"""A page of a list over several teams costs a page of each team, however much the teams own."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from punctual.store.runs.listing import list_runs
from punctual.store.tasks.listing import list_tasks
from punctual.store.tasks.overview import counts, next_due_tasks
from tests.support.plans import most_rows_of_each
from tests.support.rows import many_runs, new_task, new_team

TEAMS, TASKS, OWNED, PAGE = 3, 50, 5000, 20

MANY_TASKS = text("""
INSERT INTO tasks SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid()))).*
FROM tasks AS t, generate_series(1, :count)
""")

QUERIES: dict[str, Callable[[Connection, list[uuid.UUID]], object]] = {
    "tasks": lambda c, teams: list_tasks(Session(c), team_ids=teams, page_size=PAGE),
    "runs": lambda c, teams: list_runs(Session(c), team_ids=teams, page_size=PAGE),
}


@pytest.fixture
def teams(engine: Engine) -> list[uuid.UUID]:
    """Teams that own thousands of tasks and runs each."""
    made = [new_team(engine) for _ in range(TEAMS)]
    for team in made:
        for _ in range(TASKS):
            many_runs(engine, new_task(engine, team_id=team, overlap="allow"), OWNED // TASKS)
    with engine.begin() as connection:
        connection.execute(MANY_TASKS, {"count": OWNED // TASKS})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE runs, tasks"))
    return made


@pytest.mark.parametrize("name", QUERIES)
def test_a_page_over_several_teams_reads_a_page_of_each(
    engine: Engine, teams: list[uuid.UUID], name: str
) -> None:
    looked_at = most_rows_of_each(engine, lambda connection: QUERIES[name](connection, teams))
    assert max(looked_at) <= 2 * TEAMS * PAGE


def test_a_list_over_several_teams_is_what_their_lists_are_merged(
    engine: Engine, teams: list[uuid.UUID]
) -> None:
    with Session(engine) as session:
        each = [
            task.task.id
            for team in teams
            for task in list_tasks(session, team_ids=[team], page_size=PAGE)
        ]
        merged = [task.task.id for task in list_tasks(session, team_ids=teams, page_size=PAGE)]
        assert merged == sorted(each, reverse=True)[:PAGE]
        shown = [
            run for team in teams for run in list_runs(session, team_ids=[team], page_size=PAGE)
        ]
        newest = sorted(shown, key=lambda run: (run.scheduled_for, run.id), reverse=True)[:PAGE]
        found = list_runs(session, team_ids=teams, page_size=PAGE)
        assert [run.id for run in found] == [run.id for run in newest]


def test_a_list_of_no_team_is_empty(engine: Engine, teams: list[uuid.UUID]) -> None:
    assert len(teams) == TEAMS
    with Session(engine) as session:
        assert list_tasks(session, team_ids=[], page_size=PAGE) == []
        assert list_runs(session, team_ids=[], page_size=PAGE) == []


def test_a_dashboard_adds_up_its_teams(engine: Engine) -> None:
    teams = [new_team(engine) for _ in range(2)]
    for team, count in zip(teams, (2, 3), strict=True):
        many_runs(engine, new_task(engine, team_id=team, overlap="allow"), count)
    with engine.connect() as connection:
        assert counts(connection, team_ids=teams).scheduled == 2
        assert len(next_due_tasks(connection, team_ids=teams, size=5)) == 2
        assert len(next_due_tasks(connection, team_ids=teams[:1], size=5)) == 1
