"""Links in messages: they retry or snooze one task without a login, after one confirmation."""

import re
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from punctual.domain.alerts.events import EventKind
from punctual.store.alerts.events import NewEvent, record
from punctual.store.alerts.facts import load
from punctual.store.alerts.links import create_links
from tests.integration.api.conftest import Person, end_run, run_sql, start_run


class Linked(NamedTuple):
    """A failed run, and the code of the links in the message about it."""

    code: str
    task: str
    run: str

    def path(self, does: str) -> str:
        """The address of a link."""
        return f"/alert/{self.code}/{does}/"


@pytest.fixture
def link(anna: Person, engine: Engine) -> Linked:
    """A link about a run of anna's that failed."""
    task = anna.task(name="back<b>up")["id"]
    run = anna.post(f"/tasks/{task}/run/").get_json()["id"]
    start_run(engine, run)
    end_run(engine, run, "failed", 3)
    with engine.begin() as connection:
        new = NewEvent(EventKind.FAILED, anna.id, uuid.UUID(task), uuid.UUID(run))
        [code] = create_links(connection, load(connection, record(connection, [new]))).values()
    return Linked(code, task, run)


@pytest.fixture
def reader(client: FlaskClient) -> FlaskClient:
    """A browser without a login."""
    return client.application.test_client()


def confirm(browser: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Press a button of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)
    assert found, path
    return browser.post(path, data={"csrf_token": found[1], **fields})


def runs_of(who: Person, task: str) -> list[dict[str, Any]]:
    """The runs of a task that were asked for, oldest first."""
    found = who.items(f"/tasks/{task}/runs/")
    return sorted(found, key=lambda run: str(run["scheduled_for"]))


def test_opening_links_changes_nothing(anna: Person, reader: FlaskClient, link: Linked) -> None:
    for does in ("retry", "snooze"):
        for method in ("GET", "HEAD"):
            assert reader.open(link.path(does), method=method).status_code == 200
    assert reader.get(f"/alert/{link.code}/").status_code == 200
    assert len(runs_of(anna, link.task)) == 1
    assert anna.get(f"/tasks/{link.task}/").get_json()["snooze"] is None


def test_a_page_says_what_it_will_do_with_names_escaped(reader: FlaskClient, link: Linked) -> None:
    shown = reader.get(link.path("retry"))
    assert "back&lt;b&gt;up" in shown.text
    assert "Run it again" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.headers["Referrer-Policy"] == "same-origin"


def test_a_confirmed_retry_makes_one_run(anna: Person, reader: FlaskClient, link: Linked) -> None:
    path = link.path("retry")
    assert confirm(reader, path).status_code == 302
    again = reader.get(path).text
    assert "The task runs again." in again
    [_, made] = runs_of(anna, link.task)
    assert (made["trigger"], made["triggered_by"]) == ("retry", None)
    assert f"/run/{made['id']}/" in again
    assert "Run it again" not in again
    assert len(runs_of(anna, link.task)) == 2


def test_two_readers_who_confirm_make_one_run(
    anna: Person, client: FlaskClient, reader: FlaskClient, link: Linked
) -> None:
    other = client.application.test_client()
    path = link.path("retry")
    tokens = [
        re.findall(r'name="csrf_token" value="([^"]+)"', each.get(path).text)[0]
        for each in (reader, other)
    ]
    answers = [
        each.post(path, data={"csrf_token": token})
        for each, token in zip((reader, other), tokens, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert "it starts one alone" in other.get(path).text
    assert len(runs_of(anna, link.task)) == 2


@pytest.mark.parametrize("choice", ["hour", "tomorrow", "ok"])
def test_a_confirmed_snooze_holds(
    anna: Person, reader: FlaskClient, link: Linked, choice: str
) -> None:
    assert confirm(reader, link.path("snooze"), **{"for": choice}).status_code == 302
    snooze = anna.get(f"/tasks/{link.task}/").get_json()["snooze"]
    assert (snooze["until_ok"], snooze["by"]) == (choice == "ok", None)


def test_a_snooze_needs_a_choice(anna: Person, reader: FlaskClient, link: Linked) -> None:
    assert confirm(reader, link.path("snooze")).status_code == 422
    assert anna.get(f"/tasks/{link.task}/").get_json()["snooze"] is None


def test_what_a_link_did_is_audited(anna: Person, reader: FlaskClient, link: Linked) -> None:
    confirm(reader, link.path("retry"))
    confirm(reader, link.path("snooze"), **{"for": "ok"})
    events = [
        (event["action"], event["actor"]["name"], event["changes"]["by"])
        for event in anna.items("/audit/")
        if event["action"] in ("run.retry", "task.snooze")
    ]
    by = [None, "a link in a message"]
    assert events == [("task.snooze", None, by), ("run.retry", None, by)]


EXPIRE = "UPDATE alert_links SET expires_at = now()"
DELETE = "UPDATE tasks SET deleted_at = now() WHERE id = :id"
MOVE = "INSERT INTO teams (id, slug, name) VALUES (gen_random_uuid(), 'web', 'Web')"


def expired(engine: Engine, link: Linked) -> Linked:
    """Its week is over."""
    run_sql(engine, EXPIRE)
    return link


def deleted(engine: Engine, link: Linked) -> Linked:
    """Its task is deleted."""
    run_sql(engine, DELETE, id=link.task)
    return link


def moved(engine: Engine, link: Linked) -> Linked:
    """Its task is in another team."""
    run_sql(engine, MOVE)
    run_sql(engine, "UPDATE tasks SET team_id = (SELECT id FROM teams WHERE slug = 'web')")
    return link


def guessed(engine: Engine, link: Linked) -> Linked:
    """Another code."""
    del engine
    return link._replace(code="x" * 43)


@pytest.mark.parametrize("spoil", [expired, deleted, moved, guessed])
def test_a_link_that_is_over_does_nothing(
    reader: FlaskClient,
    engine: Engine,
    link: Linked,
    spoil: Callable[[Engine, Linked], Linked],
) -> None:
    token = re.findall(r'csrf_token" value="([^"]+)"', reader.get(link.path("retry")).text)[0]
    gone = spoil(engine, link)
    for does in ("retry", "snooze"):
        shown = reader.get(gone.path(does))
        assert (shown.status_code, "does nothing any more" in shown.text) == (404, True)
        sent = reader.post(gone.path(does), data={"csrf_token": token, "for": "ok"})
        assert sent.status_code == 404
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM runs")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM task_snoozes")).scalar_one() == 0


def test_a_link_goes_with_its_team(anna: Person, engine: Engine, link: Linked) -> None:
    assert anna.post("/teams/", json={"slug": "ops", "name": "Ops"}).status_code == 201
    run_sql(
        engine,
        "UPDATE tasks SET team_id = (SELECT id FROM teams WHERE slug = 'ops') WHERE id = :id",
        id=link.task,
    )
    run_sql(engine, "DELETE FROM teams WHERE slug = 'ops'")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alert_links")).scalar_one() == 0


def test_a_form_of_another_site_does_nothing(reader: FlaskClient, link: Linked) -> None:
    assert reader.post(link.path("snooze"), data={"for": "ok"}).status_code == 400


def test_many_guesses_from_one_address_are_refused(reader: FlaskClient) -> None:
    answers = [reader.get(f"/alert/{'x' * 43}/retry/") for _ in range(121)]
    assert {answer.status_code for answer in answers[:120]} == {404}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_no_log_has_the_code(
    reader: FlaskClient, link: Linked, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (link.path("retry"), link.path("snooze"), f"/alert/{link.code}"):
        reader.get(path)
    written = capsys.readouterr().out
    assert link.code not in written
    assert written.count("/alert/<secret>/") == 3
