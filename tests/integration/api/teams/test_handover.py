"""All tasks of a team move to another one at once, or none does; a dry run says what would."""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.integration.api.conftest import Person, end_run, start_run

Report = dict[str, Any]


@pytest.fixture
def ops(anna: Person, ben: Person) -> str:
    """The slug of a team that Anna owns and Ben may edit."""
    anna.post("/teams/", json={"slug": "ops", "name": "Operations"})
    assert anna.post("/teams/ops/members/", json={"username": "ben", "role": "editor"}).data
    return "ops"


def handover(by: Person, team: str = "ben", *, to: str = "ops", dry_run: bool = False) -> Report:
    """The report of a handover, dry or not."""
    answer = by.post(f"/teams/{team}/handover/", json={"team": to, "dry_run": dry_run})
    assert answer.status_code == 200, answer.get_json()
    found: Report = answer.get_json()
    return found


def work(ben: Person) -> dict[str, str]:
    """What Ben has: tasks that run after each other, a calendar and a limit."""
    ben.post("/calendars/", json={"name": "days", "timezone": "UTC", "days": ["2030-01-01"]})
    ben.post("/concurrency/", json={"tag": "db", "max_concurrent": 2})
    when = {"cron": "0 0 * * *"}
    first = ben.task(name="first", schedule=when, calendars=["days"], tags=["db"])["id"]
    edge = [{"task": first, "on": "success"}]
    second = ben.task(name="second", after=edge, overlap="allow")["id"]
    ben.post(f"/tasks/{second}/pause/")
    return {"first": first, "second": second}


@pytest.mark.parametrize("by", ["ben", "admin"])
def test_all_tasks_move_with_what_they_need(
    admin: Person, anna: Person, ben: Person, ops: str, engine: Engine, by: str
) -> None:
    ids = work(ben)
    ended, waiting = (ben.post(f"/tasks/{ids['second']}/run/").get_json()["id"] for _ in range(2))
    start_run(engine, ended)
    end_run(engine, ended)
    before = {task: ben.get(f"/tasks/{task}/").get_json() for task in ids.values()}
    expected = {
        "team": ops,
        "tasks": 2,
        "enabled_tasks": 1,
        "unfinished_runs": 1,
        "calendars": ["days"],
        "limits": ["db"],
        "obstacles": [],
        "warnings": [],
    }
    person = {"ben": ben, "admin": admin}[by]
    assert handover(person, dry_run=True) == {"dry_run": True, **expected}
    assert {one["team"] for one in ben.items("/tasks/")} == {"ben"}
    assert handover(person) == {"dry_run": False, **expected}
    for task, old in before.items():
        new = anna.get(f"/tasks/{task}/").get_json()
        assert (new["team"], new["updated_by"], new["version"]) == (ops, by, old["version"] + 1)
        same = {"after", "calendars", "enabled", "next_run_at", "schedule", "status", "tags"}
        assert {name: new[name] for name in same} == {name: old[name] for name in same}
    assert anna.get(f"/runs/{waiting}/").get_json()["team"] == ops
    assert anna.get(f"/runs/{ended}/").status_code == 404
    assert ben.get(f"/runs/{ended}/").get_json()["team"] == "ben"
    for path in ("/calendars/", "/concurrency/"):
        assert [one["team"] for one in anna.items(path)] == [ops], path
    assert handover(ben)["tasks"] == 0


def test_unfinished_runs_count_towards_the_limits_of_the_new_team(
    anna: Person, ben: Person, ops: str, engine: Engine
) -> None:
    anna.post("/concurrency/", json={"tag": "db", "max_concurrent": 1, "team": ops})
    run = ben.post(f"/tasks/{ben.task(tags=['db'])['id']}/run/").get_json()["id"]
    assert handover(ben)["warnings"] == [
        "The limit of 1 for the tag “db” of ops will hold for tasks with this tag too."
    ]
    with engine.connect() as connection:
        limited = text("SELECT limited FROM runs WHERE id = :id")
        assert connection.execute(limited, {"id": run}).scalar_one()


def test_names_that_collide_are_listed_and_nothing_moves(
    anna: Person, ben: Person, ops: str
) -> None:
    work(ben)
    anna.post("/calendars/", json={"name": "days", "timezone": "UTC", "team": ops})
    anna.post("/concurrency/", json={"tag": "db", "max_concurrent": 3, "team": ops})
    obstacles = handover(ben, dry_run=True)["obstacles"]
    assert [one.split(":")[0] for one in obstacles] == ["Calendar “days”", "Limit for the tag “db”"]
    answer = ben.post("/teams/ben/handover/", json={"team": ops, "dry_run": False})
    assert answer.status_code == 409
    assert [one["detail"] for one in answer.get_json()["errors"]] == obstacles
    assert {one["team"] for one in ben.items("/tasks/")} == {"ben"}
    assert {one["team"] for one in ben.items("/calendars/?team=ben")} == {"ben"}


def test_a_handover_needs_an_owner_there_and_an_editor_here(
    anna: Person, ben: Person, ops: str
) -> None:
    ben.task()
    path, body = "/teams/ben/handover/", {"team": ops, "dry_run": False}
    assert anna.post(path, json=body).status_code == 404
    ben.post("/teams/ben/members/", json={"username": "anna", "role": "editor"})
    assert anna.post(path, json=body).status_code == 403
    anna.call("PATCH", "/teams/ops/members/ben/", json={"role": "operator"})
    assert ben.post(path, json=body).status_code == 403
    for team in ("none", "ben"):
        answer = ben.post(path, json={"team": team, "dry_run": False})
        assert [one["pointer"] for one in answer.get_json()["errors"]] == ["/team"]
    assert ben.post(path, json={}).status_code == 422
    assert {one["team"] for one in ben.items("/tasks/")} == {"ben"}


def test_a_handover_is_recorded_in_both_teams(
    admin: Person, anna: Person, ben: Person, ops: str
) -> None:
    ids = work(ben)
    handover(ben, dry_run=True)
    handover(admin)
    [whole] = ben.items("/audit/?team=ben&action=team.handover")
    assert (whole["actor"]["name"], whole["changes"]["team"]) == ("admin", [None, ops])
    assert whole["changes"]["tasks"] == [None, 2]
    for team, person in (("ben", ben), (ops, anna)):
        for action, kinds in {"task.update": 2, "calendar.update": 1, "limit.update": 1}.items():
            found = person.items(f"/audit/?team={team}&action={action}")
            assert [one["changes"] for one in found] == [{"team": ["ben", ops]}] * kinds, action
    assert len(anna.items(f"/audit/?team=ops&object={ids['first']}")) == 1


def test_a_handover_of_more_than_100_tasks_is_one_event_in_each_team_found_by_each_task(
    anna: Person, ben: Person, ops: str
) -> None:
    items = [{"command": "true"} for _ in range(101)]
    made = ben.post("/tasks/bulk/", json={"items": items}).get_json()["ids"]
    handover(ben)
    for team, person in (("ben", ben), (ops, anna)):
        found = person.items(f"/audit/?team={team}&action=task.update")
        assert [one["changes"] for one in found] == [{"team": ["ben", ops], "tasks": [None, 101]}]
        assert person.items(f"/audit/?team={team}&action=task.update&object={made[70]}") == found


def test_more_tasks_than_fit_into_one_transaction_are_refused(
    ben: Person, ops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("punctual.store.tasks.handover", "punctual_api.teams.handover"):
        monkeypatch.setattr(f"{module}.MOST_TASKS", 1)
    ben.task()
    ben.task()
    [obstacle] = handover(ben, dry_run=True)["obstacles"]
    assert obstacle == "It has more than 1 tasks: move or delete some before."
    assert ben.post("/teams/ben/handover/", json={"team": ops, "dry_run": False}).status_code == 409
