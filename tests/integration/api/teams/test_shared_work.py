"""Tasks, runs, calendars and limits of a team: made in it, listed over all teams, and moved."""

from typing import Any

import pytest
from sqlalchemy import Engine

from tests.integration.api.conftest import Person, end_run, run_sql, start_run

NO_TEAM = [{"pointer": "/team", "detail": "There is no such team."}]


@pytest.fixture
def ops(anna: Person, ben: Person) -> str:
    """The slug of a team that Anna owns and Ben may edit."""
    anna.post("/teams/", json={"slug": "ops", "name": "Operations"})
    assert anna.post("/teams/ops/members/", json={"username": "ben", "role": "editor"}).data
    return "ops"


def set_role(anna: Person, role: str) -> None:
    """Give Ben another role."""
    answer = anna.call("PATCH", "/teams/ops/members/ben/", json={"role": role})
    assert answer.status_code == 200


def ids(items: list[dict[str, Any]]) -> list[str]:
    """The id of each item."""
    return [item["id"] for item in items]


def test_a_task_belongs_to_the_personal_team_unless_another_is_named(
    anna: Person, ben: Person, ops: str
) -> None:
    own, shared = anna.task(), anna.task(team=ops)
    assert (own["team"], shared["team"]) == ("anna", "ops")
    assert ben.get(f"/tasks/{own['id']}/").status_code == 404
    seen = ben.get(f"/tasks/{shared['id']}/").get_json()
    assert (seen["team"], seen["created_by"], seen["updated_by"]) == ("ops", "anna", "anna")


def test_the_team_may_be_named_in_the_query_or_the_body_in_any_letter_case(
    anna: Person, ops: str
) -> None:
    answer = anna.post("/tasks/?team=OPS", json={"command": "true"})
    assert answer.get_json()["team"] == "ops"
    assert anna.task(team="Ops")["team"] == "ops"
    assert anna.task(team=None)["team"] == "anna"


@pytest.mark.parametrize("team", ["none", "anna"])
def test_a_task_is_not_made_in_a_team_that_one_is_not_in(ben: Person, ops: str, team: str) -> None:
    answer = ben.post("/tasks/", json={"command": "true", "team": team})
    assert (answer.status_code, answer.get_json()["errors"]) == (422, NO_TEAM)
    assert ben.get(f"/tasks/?team={team}").status_code == 422


def test_a_role_that_is_too_low_creates_nothing(anna: Person, ben: Person, ops: str) -> None:
    set_role(anna, "operator")
    for path, body in {
        "/tasks/": {"command": "true", "team": ops},
        "/tasks/bulk/?team=ops": {"items": [{"command": "true"}]},
        "/calendars/": {"name": "days", "team": ops},
        "/concurrency/": {"max_concurrent": 2, "team": ops},
        "/import/crontab/?team=ops": {"crontab": "@daily true", "dry_run": False},
    }.items():
        answer = ben.post(path, json=body)
        assert answer.status_code == 403, path
        sentence = "This needs the role editor in the team ops; you are operator there."
        assert answer.get_json()["detail"] == sentence
    assert ben.items("/tasks/") == ben.items("/calendars/") == ben.items("/concurrency/") == []


def test_lists_show_all_teams_newest_first_or_the_one_that_is_named(
    anna: Person, ben: Person, ops: str
) -> None:
    tasks = [anna.task(name=str(n), team=team) for n, team in enumerate([None, ops] * 3)]
    newest_first = ids(tasks)[::-1]
    assert ids(anna.items("/tasks/")) == newest_first
    assert ids(anna.items("/tasks/?team=ops")) == newest_first[::2]
    assert ids(anna.items("/tasks/?team=anna")) == newest_first[1::2]
    assert ids(ben.items("/tasks/")) == newest_first[::2]
    assert ids(anna.items("/tasks/?status=idle")) == newest_first
    assert ids(anna.items("/tasks/?q=4")) == [tasks[4]["id"]]


def test_pages_over_several_teams_go_through_each_item_once(anna: Person, ops: str) -> None:
    tasks = ids([anna.task(team=team) for team in [None, ops, ops, None, ops, None, None]])
    runs = ids([anna.post(f"/tasks/{task}/run/").get_json() for task in tasks])
    for path, expected in {"/tasks/": tasks[::-1], "/runs/": runs[::-1]}.items():
        seen: list[str] = []
        cursor = ""
        while cursor is not None:
            page = anna.get(f"{path}?limit=2&cursor={cursor}").get_json()
            seen += ids(page["items"])
            cursor = page["next_cursor"]
        assert seen == expected


def test_runs_say_whose_they_are_and_who_asked_for_them(
    anna: Person, ben: Person, ops: str, engine: Engine
) -> None:
    task = anna.task(team=ops)["id"]
    run = ben.post(f"/tasks/{task}/run/").get_json()
    assert (run["team"], run["triggered_by"]) == ("ops", "ben")
    start_run(engine, run["id"])
    end_run(engine, run["id"])
    again = anna.post(f"/runs/{run['id']}/retry/").get_json()
    assert again["triggered_by"] == "anna"
    assert {one["triggered_by"] for one in anna.items("/runs/")} == {"anna", "ben"}
    assert ids(anna.items("/runs/?team=anna")) == []
    run_sql(engine, "UPDATE runs SET triggered_by = NULL WHERE id = :id", id=again["id"])
    assert ben.get(f"/runs/{again['id']}/").get_json()["triggered_by"] is None


def test_a_change_says_who_made_it(anna: Person, ben: Person, ops: str) -> None:
    task = anna.task(team=ops)["id"]
    for method, path, body in [
        ("PATCH", f"/tasks/{task}/", {"name": "new"}),
        ("POST", f"/tasks/{task}/pause/", {}),
    ]:
        anna.call("PATCH", f"/tasks/{task}/", json={"name": "old"})
        changed = ben.call(method, path, json=body).get_json()
        assert (changed["created_by"], changed["updated_by"]) == ("anna", "ben")


def test_calendars_and_limits_belong_to_teams_too(anna: Person, ben: Person, ops: str) -> None:
    for team in (None, ops):
        assert anna.post("/calendars/", json={"name": "days", "team": team}).status_code == 201
        sent = {"tag": "db", "max_concurrent": 2, "team": team}
        assert anna.post("/concurrency/", json=sent).status_code == 201
    for path in ("/calendars/", "/concurrency/"):
        assert sorted(one["team"] for one in anna.items(path)) == ["anna", "ops"]
        assert [one["team"] for one in ben.items(path)] == ["ops"]
        assert [one["team"] for one in anna.items(f"{path}?team=anna")] == ["anna"]
    [calendar] = ben.items("/calendars/")
    sent = {**calendar, "name": "other"}
    changed = ben.call("PUT", f"/calendars/{calendar['id']}/", json=sent).get_json()
    assert (changed["name"], changed["team"]) == ("other", "ops")


def test_a_task_follows_the_calendars_of_its_own_team(anna: Person, ops: str) -> None:
    days = [f"2030-01-{day:02}" for day in range(1, 32)]
    anna.post("/calendars/", json={"name": "days", "days": days, "team": ops})
    anna.post("/calendars/", json={"name": "days"})
    when = {"cron": "0 0 * 1 *", "start": "2030-01-01T00:00:00Z", "end": "2030-01-31T23:00:00Z"}
    blocked = anna.task(schedule=when, calendars=["days"], team=ops)
    free = anna.task(schedule=when, calendars=["days"])
    items = {one["id"]: one["next_run_at"] for one in anna.items("/tasks/")}
    assert items[blocked["id"]] is None
    assert items[free["id"]] == "2030-01-01T00:00:00Z"


def test_a_bulk_request_is_about_one_team(anna: Person, ops: str) -> None:
    items = [{"command": "true"}, {"command": "true", "team": "ops"}]
    assert anna.post("/tasks/bulk/?team=ops", json={"items": items}).status_code == 201
    assert len(anna.items("/tasks/?team=ops")) == 2
    answer = anna.post("/tasks/bulk/", json={"items": items})
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.get_json()["errors"]] == ["/items/1/team"]


def test_the_same_key_with_another_team_is_another_request(anna: Person, ops: str) -> None:
    key = {"Idempotency-Key": "one"}
    first = anna.post("/tasks/", json={"command": "true"}, headers=key)
    again = anna.post("/tasks/", json={"command": "true"}, headers=key)
    other = anna.post("/tasks/?team=ops", json={"command": "true"}, headers=key)
    assert first.get_json()["id"] == again.get_json()["id"]
    assert other.status_code == 422


def test_a_moved_task_takes_its_unfinished_runs_along(
    anna: Person, ben: Person, ops: str, engine: Engine
) -> None:
    task = anna.task(overlap="allow")["id"]
    ended, waiting = (anna.post(f"/tasks/{task}/run/").get_json()["id"] for _ in range(2))
    start_run(engine, ended)
    end_run(engine, ended)
    moved = anna.call("PATCH", f"/tasks/{task}/", json={"team": ops})
    assert (moved.status_code, moved.get_json()["team"]) == (200, "ops")
    assert ben.get(f"/tasks/{task}/").get_json()["updated_by"] == "anna"
    assert ben.get(f"/runs/{waiting}/").get_json()["team"] == "ops"
    assert ben.get(f"/runs/{ended}/").status_code == 404
    assert anna.get(f"/runs/{ended}/").get_json()["team"] == "anna"
    same = anna.get(f"/tasks/{task}/").get_json()
    assert anna.call("PUT", f"/tasks/{task}/", json=same).get_json()["team"] == "ops"
    assert anna.call("PUT", f"/tasks/{task}/", json={"command": "w"}).get_json()["team"] == "ops"


def test_a_task_moves_only_between_teams_that_one_may_edit(
    anna: Person, ben: Person, ops: str
) -> None:
    task = ben.task()["id"]
    path, body = f"/tasks/{task}/", {"team": ops}
    set_role(anna, "operator")
    answer = ben.call("PATCH", path, json=body)
    assert answer.status_code == 403
    assert "the role editor in the team ops" in answer.get_json()["detail"]
    assert ben.call("PATCH", path, json={"team": "anna"}).get_json()["errors"] == NO_TEAM
    assert ben.get(path).get_json()["team"] == "ben"
    set_role(anna, "editor")
    assert ben.call("PATCH", path, json=body).status_code == 200
    set_role(anna, "viewer")
    assert ben.call("PATCH", path, json={"team": "ben"}).status_code == 403


def test_a_task_does_not_move_away_from_what_it_needs(anna: Person, ops: str) -> None:
    anna.post("/calendars/", json={"name": "days"})
    upstream = anna.task(name="first")["id"]
    follower = anna.task(after=[{"task": upstream, "on": "success"}])["id"]
    with_calendar = anna.task(calendars=["days"])["id"]

    def move(task: str, **more: Any) -> tuple[int, list[str]]:
        answer = anna.call("PATCH", f"/tasks/{task}/", json={"team": ops, **more})
        return answer.status_code, [one["pointer"] for one in answer.get_json().get("errors", [])]

    assert move(follower) == (422, ["/after/0/task"])
    assert move(upstream)[0] == 409
    assert move(with_calendar)[0] == 422
    assert {one["team"] for one in anna.items("/tasks/")} == {"anna"}
    assert move(with_calendar, calendars=None)[0] == 200
    assert move(follower, after=[])[0] == 200
    assert move(upstream)[0] == 200
