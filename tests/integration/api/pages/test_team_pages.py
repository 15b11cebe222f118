"""Teams on the pages: the switch, new things in a team, members, and what each role is shown."""

import re

import pytest
from sqlalchemy import Engine

from tests.integration.api.conftest import start_run
from tests.integration.api.pages.visitor import Visitor

ORDER = ["viewer", "operator", "editor", "owner"]

PAGES = [
    ("viewer", "/task/{task}/"),
    ("viewer", "/task/{task}/due-times/"),
    ("viewer", "/run/{run}/"),
    ("viewer", "/calendar/{calendar}/"),
    ("viewer", "/team/ops/"),
    ("viewer", "/export/crontab/?team=ops"),
    ("viewer", "/dashboard/?team=ops"),
    ("viewer", "/calendars/?team=ops"),
    ("viewer", "/concurrency/?team=ops"),
    ("viewer", "/outages/?team=ops"),
    ("operator", "/task/{task}/run/"),
    ("operator", "/task/{task}/backfill/"),
    ("editor", "/task/{task}/update/"),
    ("editor", "/task/{task}/delete/"),
    ("editor", "/task/{task}/move/"),
    ("owner", "/team/ops/handover/"),
    ("owner", "/team/ops/delete/"),
    ("editor", "/team/ops/secrets/"),
    ("owner", "/team/ops/secrets/pg/"),
    ("editor", "/task/create/?team=ops"),
    ("editor", "/calendar/create/?team=ops"),
    ("editor", "/import/crontab/?team=ops"),
]
"""The least role for each page, as the interface has it."""

FORMS = [
    ("operator", "/task/{task}/pause/", {}),
    ("operator", "/task/{task}/resume/", {}),
    ("operator", "/run/{run}/cancel/", {}),
    ("editor", "/task/create/", {"team": "ops", "command": "true", "kind": "hand"}),
    ("editor", "/calendar/create/", {"team": "ops", "name": "more", "timezone": "UTC"}),
    ("editor", "/concurrency/", {"team": "ops", "tag": "more", "max_concurrent": "1"}),
    ("editor", "/task/{task}/move/", {"team": "none"}),
    ("owner", "/team/ops/handover/", {"team": "none"}),
    ("owner", "/team/ops/delete/", {"slug": "none"}),
    ("owner", "/team/ops/", {"name": "Operations"}),
    ("owner", "/team/ops/secrets/", {"name": "x", "value": "correct-horse"}),
    ("owner", "/team/ops/secrets/pg/", {"value": "correct-horse"}),
    ("owner", "/team/ops/secrets/pg/delete/", {}),
    ("owner", "/team/ops/members/", {"username": "nemo", "role": "viewer"}),
    ("editor", "/task/{task}/delete/", {}),
]


@pytest.fixture
def ids(ann: Visitor) -> dict[str, str]:
    """A team that Ann owns, with one of each kind."""
    person = ann.person
    person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    task = person.task(team="ops", name="of ops")["id"]
    person.post("/secrets/", json={"name": "pg", "value": "correct-horse", "team": "ops"})
    calendar = person.post("/calendars/", json={"name": "days", "team": "ops"}).get_json()["id"]
    run = person.post(f"/tasks/{task}/run/").get_json()["id"]
    return {"task": task, "run": run, "calendar": calendar}


def join(ann: Visitor, bob: Visitor, role: str) -> None:
    """Make Bob a member of Ann's team."""
    body = {"username": bob.person.username, "role": role}
    assert ann.person.post("/teams/ops/members/", json=body).status_code == 201


@pytest.mark.parametrize("role", ORDER)
def test_a_member_is_shown_the_pages_that_the_role_allows(
    ann: Visitor, bob: Visitor, ids: dict[str, str], role: str
) -> None:
    join(ann, bob, role)
    for needed, path in PAGES:
        allowed = ORDER.index(role) >= ORDER.index(needed)
        assert bob.get(path.format(**ids)).status_code == (200 if allowed else 403), path


@pytest.mark.parametrize("role", ORDER)
def test_a_member_sends_the_forms_that_the_role_allows(
    ann: Visitor, bob: Visitor, ids: dict[str, str], role: str
) -> None:
    join(ann, bob, role)
    for needed, path, fields in FORMS:
        answer = bob.post(path.format(**ids), of="/teams/", **fields)
        allowed = ORDER.index(role) >= ORDER.index(needed)
        assert (answer.status_code == 403) != allowed, path
        assert answer.status_code != 404, path


def test_a_stranger_finds_no_page_of_a_team(
    ann: Visitor, bob: Visitor, ids: dict[str, str]
) -> None:
    assert ann.get("/team/ops/").status_code == 200
    for _, path in PAGES:
        expected = 422 if "?team=" in path else 404
        assert bob.get(path.format(**ids)).status_code == expected, path


def test_buttons_that_a_role_does_not_allow_are_not_shown(
    ann: Visitor, bob: Visitor, ids: dict[str, str], engine: Engine
) -> None:
    join(ann, bob, "viewer")
    start_run(engine, ids["run"])
    for path, button in [
        (f"/task/{ids['task']}/", "Run now"),
        (f"/task/{ids['task']}/", ">Edit<"),
        (f"/run/{ids['run']}/", ">Cancel<"),
        (f"/calendar/{ids['calendar']}/", ">Save<"),
        ("/team/ops/", "Add a member"),
    ]:
        assert button in ann.get(path).text, path
        assert button not in bob.get(path).text, path


def test_the_switch_applies_to_each_list_and_stays_in_its_links(
    ann: Visitor, ids: dict[str, str]
) -> None:
    ann.person.task(name="of ann")
    everything = ann.get("/dashboard/").text
    assert "of ops" in everything
    assert "of ann" in everything
    assert 'in <a href="/team/ops/"' in everything
    mine = ann.get("/dashboard/?team=ops").text
    assert "of ops" in mine
    assert "of ann" not in mine
    assert 'in <a href="/team/ops/"' not in mine
    for page in ("calendars", "concurrency", "outages", "dashboard"):
        html = ann.get(f"/{page}/?team=ops").text
        assert "<option selected>ops</option>" in html
        for link in ("calendars", "concurrency", "outages", "dashboard", "task/create"):
            assert f'href="/{link}/?team=ops"' in html, (page, link)


@pytest.mark.parametrize(("role", "query"), [("viewer", ""), ("editor", "?team=ops")])
def test_a_link_to_a_new_task_names_only_a_team_that_may_have_it(
    ann: Visitor, bob: Visitor, ids: dict[str, str], role: str, query: str
) -> None:
    assert ids
    join(ann, bob, role)
    links = re.findall(r'href="/task/create/([^"]*)"', bob.get("/dashboard/?team=ops").text)
    assert set(links) == {query}


def test_a_user_of_one_team_is_shown_no_switch(ann: Visitor) -> None:
    ann.person.task()
    html = ann.get("/dashboard/").text
    assert "All your teams" not in html
    assert 'name="team"' not in ann.get("/task/create/").text


def test_a_new_task_is_made_in_the_team_that_was_chosen(ann: Visitor, ids: dict[str, str]) -> None:
    html = ann.get("/task/create/?team=ops").text
    assert re.search(r'<select id="team" name="team">.*?<option selected>ops</option>', html, re.S)
    answer = ann.post(
        "/task/create/?team=ops", team=ann.person.username, command="true", kind="hand"
    )
    assert answer.status_code == 302
    [own] = ann.person.items(f"/tasks/?team={ann.person.username}")
    assert own["created_by"] == ann.person.username
    assert ids["task"] != own["id"]


def test_an_owner_manages_members_on_the_team_page(
    ann: Visitor, bob: Visitor, ids: dict[str, str]
) -> None:
    page, name = "/team/ops/", bob.person.username
    assert ann.post(f"{page}members/", of=page, username=name, role="editor").status_code == 302
    assert ann.post(f"{page}members/{name}/", of=page, role="owner").status_code == 302
    assert name in ann.get(page).text
    assert bob.post(f"{page}members/{ann.person.username}/remove/", of=page).status_code == 302
    assert [one["username"] for one in bob.person.items("/teams/ops/members/")] == [name]
    refused = bob.post(f"{page}leave/", of=page)
    assert refused.headers["Location"] == page
    assert "is the last owner" in bob.get(page).text
    wrong = bob.post(f"{page}members/", of=page, username="nemo", role="editor")
    assert wrong.status_code == 422
    assert "There is no user of this name." in wrong.text
    refused = bob.post(f"{page}delete/", slug="ops")
    assert refused.status_code == 409
    assert "delete, move or pause them before" in refused.text
    assert ids["task"]


def test_a_team_is_created_and_deleted_on_the_pages(ann: Visitor) -> None:
    bad = ann.post("/teams/", name="Web", slug="W E B")
    assert bad.status_code == 422
    assert "A slug is 2 to 40" in bad.text
    made = ann.post("/teams/", name="Web", slug="web")
    assert made.headers["Location"] == "/team/web/"
    taken = ann.post("/teams/", name="Web", slug="web")
    assert "already taken" in taken.text
    assert ann.post("/team/web/", name="Website").status_code == 302
    assert "Website" in ann.get("/teams/").text
    assert ann.post("/team/web/delete/", slug="WEB").headers["Location"] == "/teams/"
    assert "Website" not in ann.get("/teams/").text


def test_a_team_is_deleted_only_after_its_slug_was_typed_below_what_goes(
    ann: Visitor, ids: dict[str, str]
) -> None:
    person, page = ann.person, "/team/ops/delete/"
    person.post("/concurrency/", json={"tag": "db", "max_concurrent": 2, "team": "ops"})
    person.post("/tokens/", json={"name": "deploy", "team": "ops"})
    person.post("/invites/", json={"team": "ops"})
    person.post("/secrets/", json={"name": "pg", "value": "hush hush", "team": "ops"})
    enabled = ann.get(page).text
    assert "It has a task that is enabled or running" in enabled
    assert 'name="slug"' not in enabled
    person.post(f"/runs/{ids['run']}/cancel/")
    person.post(f"/tasks/{ids['task']}/pause/")
    shown = re.findall(r"<dt>([^<]+)</dt><dd>(\w+)", ann.get(page).text)
    one_each = ["Tasks", "Calendars", "Limits", "Secrets", "Access tokens", "Invitations"]
    assert [kind for kind, number in shown if number == "1"] == one_each
    others = {kind: number for kind, number in shown if kind not in one_each}
    assert others == dict.fromkeys(("Channels", "Rules of alerts", "Badges"), "none")
    assert 'action="/team/ops/delete/"' not in ann.get("/team/ops/").text
    for typed in ({}, {"slug": ""}, {"slug": "op"}):
        refused = ann.post(page, **typed)
        assert refused.status_code == 422
        assert "This is not the slug of the team." in refused.text
        assert person.get(f"/tasks/{ids['task']}/").status_code == 200
    assert ann.post(page, slug=" ops ").headers["Location"] == "/teams/"
    assert person.get(f"/tasks/{ids['task']}/").status_code == 404
