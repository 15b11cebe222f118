"""Badges: the health of a task, a tag or a team, for all who have the address."""

from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.integration.api.accounts.test_roles import join
from tests.integration.api.conftest import Person, end_run, run_sql, start_run
from tests.integration.api.pages.visitor import visit

SVG = "{http://www.w3.org/2000/svg}"


def badge(person: Person, **values: Any) -> str:
    """The path of a new badge, without its ending."""
    answer = person.post("/badges/", json={"name": "nightly", **values})
    assert answer.status_code == 201, answer.json
    path: str = urlsplit(answer.get_json()["url"]).path
    return path.removesuffix(".svg")


def message(client: FlaskClient, path: str) -> str:
    """What it says."""
    answer = client.get(f"{path}.json")
    assert answer.status_code == 200, answer.text
    found: str = answer.get_json()["message"]
    return found


def ended(person: Person, engine: Engine, state: str, **values: Any) -> str:
    """A task whose run has ended so."""
    task: str = person.task(**values)["id"]
    run = person.post(f"/tasks/{task}/run/").get_json()["id"]
    start_run(engine, run)
    end_run(engine, run, state, exit_code=0 if state == "succeeded" else 1)
    # end_run writes the attempt first, and a worker the run, at which the health is noted.
    run_sql(engine, "SELECT note_ends(ARRAY[CAST(:id AS uuid)])", id=run)
    return task


def test_a_badge_of_a_task_shows_its_health(
    anna: Person, client: FlaskClient, engine: Engine
) -> None:
    new, good, bad = (
        anna.task()["id"],
        ended(anna, engine, "succeeded"),
        ended(anna, engine, "failed"),
    )
    found = {task: message(client, badge(anna, task=task)) for task in (new, good, bad)}
    assert list(found.values()) == ["unknown", "ok", "failing"]
    path = badge(anna, task=good)
    anna.post(f"/tasks/{good}/pause/")
    assert message(client, path) == "paused"
    anna.call("DELETE", f"/tasks/{good}/")
    assert client.get(f"{path}.json").status_code == 404


def test_a_badge_of_a_team_or_a_tag_shows_the_worst(
    anna: Person, ben: Person, client: FlaskClient, engine: Engine
) -> None:
    team, tagged = badge(anna), badge(anna, tag="db")
    assert (message(client, team), message(client, tagged)) == ("unknown", "unknown")
    ended(anna, engine, "succeeded", tags=["db"])
    anna.task(tags=["db"])
    ended(ben, engine, "failed", tags=["db"])  # another team's
    assert (message(client, team), message(client, tagged)) == ("ok", "ok")
    ended(anna, engine, "failed")
    assert (message(client, team), message(client, tagged)) == ("failing", "ok")
    ended(anna, engine, "failed", tags=["db"])
    assert (message(client, team), message(client, tagged)) == ("2 failing", "failing")


def test_the_picture_is_small_and_says_in_words_what_it_shows(
    anna: Person, client: FlaskClient, engine: Engine
) -> None:
    task = ended(anna, engine, "failed")
    answer = client.get(f"{badge(anna, task=task, name='a <b> & c')}.svg")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert len(answer.data) < 1500
    picture = ET.fromstring(answer.text)
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == "a <b> & c: failing"
    assert [text.text for text in picture.iter(f"{SVG}text")] == ["a <b> & c", "failing"]
    assert {each.tag.removeprefix(SVG) for each in picture.iter()} == {
        *("svg", "title", "clipPath", "rect", "g", "text")
    }
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_badge_is_an_endpoint_of_shields(
    anna: Person, client: FlaskClient, engine: Engine
) -> None:
    answer = client.get(f"{badge(anna, task=ended(anna, engine, 'succeeded'))}.json")
    assert answer.get_json() == {
        "schemaVersion": 1,
        "label": "nightly",
        "message": "ok",
        "color": "brightgreen",
        "isError": False,
        "cacheSeconds": 60,
    }


@pytest.mark.parametrize("ending", [".svg", ".json"])
def test_a_badge_that_has_not_changed_is_not_sent_again(
    anna: Person, client: FlaskClient, engine: Engine, ending: str
) -> None:
    task = ended(anna, engine, "succeeded")
    path = badge(anna, task=task) + ending
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=60"
    headers = {"If-None-Match": first.headers["ETag"]}
    assert client.get(path, headers=headers).status_code == 304
    anna.post(f"/tasks/{task}/pause/")
    assert client.get(path, headers=headers).status_code == 200


def test_badges_are_listed_without_their_addresses_and_ended(
    anna: Person, ben: Person, client: FlaskClient
) -> None:
    task = anna.task()["id"]
    of_task, of_team = badge(anna, task=task), badge(anna, tag="db")
    [listed] = anna.items(f"/badges/?task={task}")
    assert (listed["task"], listed["tag"], listed["created_by"]) == (task, None, "anna")
    [of_tag] = anna.items("/badges/")
    assert (of_tag["tag"], "url" in of_tag) == ("db", False)
    assert ben.call("DELETE", f"/badges/{listed['id']}/").status_code == 404
    assert anna.call("DELETE", f"/badges/{listed['id']}/").status_code == 204
    assert client.get(f"{of_task}.svg").status_code == 404
    assert client.get(f"{of_team}.svg").status_code == 200
    assert [one["action"] for one in anna.items("/audit/?limit=2")] == [
        "badge.end",
        "badge.create",
    ]


def test_a_badge_of_what_is_not_ones_own_is_refused(anna: Person, ben: Person) -> None:
    task = anna.task()["id"]
    for sent in ({"task": task}, {"task": task, "tag": "x"}, {"name": "x" * 61}):
        assert ben.post("/badges/", json={"name": "b", **sent}).status_code == 422


@pytest.mark.parametrize("role", ["operator", "editor"])
def test_editors_make_badges(anna: Person, ben: Person, engine: Engine, role: str) -> None:
    join(engine, anna.id, ben, role)
    answer = ben.post("/badges/", json={"name": "b", "team": "anna"})
    assert answer.status_code == (201 if role == "editor" else 403)


def test_a_page_makes_shows_and_ends_badges(anna: Person) -> None:
    ann = visit(anna.client)
    task = ann.person.task()["id"]
    page = f"/team/{ann.person.username}/badges/"
    assert f"{page}?task={task}" in ann.get(f"/task/{task}/").text
    made = ann.post(page, name="mine", task=task)
    assert "/badge/pcb_" in made.text
    assert "pcb_" not in ann.get(f"{page}?task={task}").text
    refused = ann.post(page, name="mine", task="nothing")
    assert (refused.status_code, "nothing" in refused.text) == (422, True)
    [listed] = ann.person.items(f"/badges/?task={task}")
    assert ann.post(f"/badges/{listed['id']}/end/", of=page).status_code == 302
    assert ann.person.items(f"/badges/?task={task}") == []
