"""Tasks move to another team on the pages: one by its own page, all by that of their team."""

import pytest

from tests.integration.api.pages.visitor import Visitor


@pytest.fixture
def ops(ann: Visitor, bob: Visitor) -> str:
    """The slug of a team that Ann, an admin, owns and Bob may edit."""
    ann.person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    body = {"username": bob.person.username, "role": "editor"}
    assert ann.person.post("/teams/ops/members/", json=body).status_code == 201
    return "ops"


def team_of(person: Visitor, task: str) -> str:
    """In which team a task is."""
    found: str = person.person.get(f"/tasks/{task}/").get_json()["team"]
    return found


def test_an_editor_moves_a_task_after_reading_what_moves_along(ops: str, bob: Visitor) -> None:
    task = bob.person.task()["id"]
    bob.person.post(f"/tasks/{task}/run/")
    page = f"/task/{task}/move/"
    assert f'href="{page}"' in bob.get(f"/task/{task}/").text
    shown = bob.get(page).text
    assert "its run that has not ended" in shown
    assert "<option>ops</option>" in shown
    assert f"<option>{bob.person.username}</option>" not in shown
    assert bob.post(page, team=ops).headers["Location"] == f"/task/{task}/"
    assert team_of(bob, task) == ops
    assert "The task is in the team ops now." in bob.get(f"/task/{task}/").text


def test_a_user_of_one_team_is_offered_no_move(ann: Visitor, bob: Visitor) -> None:
    assert ann.get("/teams/").status_code == 200  # the first user, an admin
    task = bob.person.task()["id"]
    assert ">Move<" not in bob.get(f"/task/{task}/").text


@pytest.mark.parametrize(
    ("team", "message"),
    [
        ("", "Choose a team."),
        ("none", "There is no such team."),
        ("own", "The task is in this team already."),
    ],
)
def test_a_team_that_cannot_have_it_is_explained_at_the_field(
    ops: str, bob: Visitor, team: str, message: str
) -> None:
    assert ops
    task = bob.person.task()["id"]
    answer = bob.post(f"/task/{task}/move/", team=bob.person.username if team == "own" else team)
    assert answer.status_code == 422
    assert 'id="team-wrong"' in answer.text
    assert message in answer.text


def test_what_is_in_the_way_of_a_move_is_named(ann: Visitor, bob: Visitor, ops: str) -> None:
    person = bob.person
    person.post("/calendars/", json={"name": "days"})
    first = person.task(name="first", calendars=["days"])["id"]
    then = person.task(name="then", after=[{"task": first, "on": "success"}])["id"]
    shown = bob.get(f"/task/{first}/move/").text
    assert "The new team needs calendars of this name: <bdi>days</bdi>." in shown
    assert "runs after it" in shown
    refused = bob.post(f"/task/{first}/move/", team=ops)
    assert refused.status_code == 409
    assert "It cannot be moved while other tasks run after it: “then”." in refused.text
    refused = bob.post(f"/task/{then}/move/", team=ops)
    assert refused.status_code == 422
    assert "“then” runs after other tasks, which are not in the team ops." in refused.text
    person.call("PATCH", f"/tasks/{then}/", json={"after": []})
    refused = bob.post(f"/task/{first}/move/", team=ops)
    assert refused.status_code == 422
    assert "The team ops has no calendar “days”, which this task uses" in refused.text
    ann.person.post("/calendars/", json={"name": "days", "team": ops})
    assert bob.post(f"/task/{first}/move/", team=ops).status_code == 302


def test_a_user_hands_all_tasks_over_after_seeing_what_moves(ops: str, bob: Visitor) -> None:
    tasks = [bob.person.task()["id"] for _ in range(2)]
    page = f"/team/{bob.person.username}/handover/"
    assert f'href="{page}"' in bob.get(f"/team/{bob.person.username}/").text
    assert 'value="move"' not in bob.get(page).text
    seen = bob.post(page, team=ops, do="look")
    assert "Move 2 tasks to ops" in seen.text
    assert team_of(bob, tasks[0]) == bob.person.username
    moved = bob.post(page, team=ops, do="move")
    assert moved.headers["Location"] == "/dashboard/?team=ops"
    assert [team_of(bob, task) for task in tasks] == [ops, ops]
    assert "2 tasks were moved to ops." in bob.get("/dashboard/?team=ops").text


def test_what_is_in_the_way_of_a_handover_is_listed(ann: Visitor, bob: Visitor, ops: str) -> None:
    for person, days in ((bob.person, ["2030-01-01"]), (ann.person, [])):
        team = {} if person is bob.person else {"team": ops}
        person.post("/calendars/", json={"name": "days", "days": days, **team})
        body = {"tag": "db", "max_concurrent": 1 + len(days), **team}
        assert person.post("/concurrency/", json=body).status_code == 201
    task = bob.person.task(calendars=["days"], tags=["db"])["id"]
    page = f"/team/{bob.person.username}/handover/"
    seen = bob.post(page, team=ops, do="look").text
    assert "ops has another one of this name" in seen
    assert 'value="move"' not in seen
    refused = bob.post(page, team=ops, do="move")
    assert refused.status_code == 409
    assert "Limit for the tag “db”: it is 2" in refused.text
    assert team_of(bob, task) == bob.person.username
    assert bob.post(page, team="", do="look").status_code == 422


def test_disabling_a_user_says_what_goes_on_and_offers_the_move(ann: Visitor, bob: Visitor) -> None:
    name = bob.person.username
    page = f"/users/{name}/disable/"
    assert "has no task that is enabled or running" in ann.get(page).text
    task = bob.person.task()["id"]
    bob.person.post("/teams/", json={"slug": "web", "name": "Web"})
    shown = ann.get(page).text
    assert "has 1 task that is enabled or running" in shown
    assert f'href="/team/{name}/handover/"' in shown
    assert 'href="/team/web/"' in shown
    assert "No one else owns" in shown
    assert ann.post(page).status_code == 302
    ann.person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    moved = ann.post(f"/team/{name}/handover/", team="ops", do="move")
    assert moved.headers["Location"] == "/dashboard/?team=ops"
    assert team_of(ann, task) == "ops"
