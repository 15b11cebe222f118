"""Feeds: what a calendar program gets, checked by a library that did not write it."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import vobject  # type: ignore[import-untyped]  # it ships none
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.integration.api.conftest import Person, end_run, register, run_sql, start_run

FIRST, TEAM = {"name": "Runs"}, {"slug": "ops", "name": "Operations"}


def feed(person: Person, **values: Any) -> str:
    """The path of a new feed."""
    answer = person.post("/feeds/", json={**FIRST, **values})
    assert answer.status_code == 201, answer.json
    path: str = urlsplit(answer.get_json()["url"]).path
    return path


def read(client: FlaskClient, path: str) -> Any:
    """The feed as vobject reads it, which raises for what is no iCalendar."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))
    assert b"\n" not in answer.data.replace(b"\r\n", b"")
    [calendar] = vobject.readComponents(answer.text)
    for event in getattr(calendar, "vevent_list", ()):
        event.validate(raiseException=True)
        end = getattr(event, "dtend", None)
        assert end is None or end.value > event.dtstart.value  # RFC 5545, 3.8.2.2
    return calendar


def summaries(calendar: Any) -> list[str]:
    return [event.summary.value for event in getattr(calendar, "vevent_list", ())]


def test_a_feed_has_what_is_due_blocked_and_failed(
    anna: Person, client: FlaskClient, engine: Engine
) -> None:
    nightly = {"cron": "0 2 * * *", "timezone": "Europe/Rome"}
    task = anna.task(name="Dump; all, of it \\ ✓", schedule=nightly)["id"]
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    anna.post("/calendars/", json={"name": "closed", "timezone": "UTC", "days": [str(day)]})
    run = anna.post(f"/tasks/{task}/run/").get_json()["id"]
    start_run(engine, run)
    end_run(engine, run, "failed", exit_code=7)
    calendar = read(client, feed(anna))
    found = summaries(calendar)
    assert found[:2] == ["Dump; all, of it \\ ✓ failed with exit code 7", "Nothing is due: closed"]
    assert 29 <= found.count("Dump; all, of it \\ ✓") <= 32
    failure, blackout, due = calendar.vevent_list[:3]
    assert failure.url.value.endswith(f"/run/{run}/")
    assert (blackout.dtstart.value, blackout.dtend.value) == (day, day + timedelta(days=1))
    assert due.dtstart.value.utcoffset() == timedelta()
    assert due.url.value.endswith(f"/task/{task}/")
    assert len({event.uid.value for event in calendar.vevent_list}) == len(calendar.vevent_list)


def test_an_empty_feed_is_a_calendar_all_the_same(anna: Person, client: FlaskClient) -> None:
    answer = client.get(feed(anna))
    assert read(client, feed(anna)).name == "VCALENDAR"
    assert re.search(rb"BEGIN:V(EVENT|TIMEZONE)", answer.data)  # RFC 5545 wants a component


def test_a_feed_of_a_tag_has_its_tasks_alone(anna: Person, client: FlaskClient) -> None:
    weekly = {"cron": "0 2 * * 1", "timezone": "UTC"}
    anna.post("/calendars/", json={"name": "named", "days": ["2026-12-24"], "timezone": "UTC"})
    anna.task(name="db", schedule=weekly, tags=["db"])
    anna.task(name="web", schedule=weekly, tags=["web"])
    assert set(summaries(read(client, feed(anna, tag="db")))) == {"db"}
    assert summaries(read(client, feed(anna, tag="none"))) == []


def test_a_feed_shows_what_its_user_may_see(anna: Person, ben: Person, client: FlaskClient) -> None:
    anna.post("/teams/", json=TEAM)
    weekly = {"cron": "0 2 * * 1", "timezone": "UTC"}
    anna.task(name="private", schedule=weekly)
    anna.task(name="shared", schedule=weekly, team="ops")
    anna.post("/teams/ops/members/", json={"username": "ben", "role": "viewer"})
    everything, of_team = feed(ben), feed(ben, team="ops")
    assert set(summaries(read(client, everything))) == {"shared"}
    assert set(summaries(read(client, of_team))) == {"shared"}
    assert anna.call("DELETE", "/teams/ops/members/ben/").status_code == 204
    assert summaries(read(client, everything)) == []
    assert client.get(of_team).status_code == 404
    assert ben.post("/feeds/", json={**FIRST, "team": "ops"}).status_code == 422


def test_the_feed_of_a_disabled_user_has_ended(client: FlaskClient) -> None:
    admin, ben = register(client, "admin"), register(client, "ben")
    path = feed(ben)
    assert client.get(path).status_code == 200
    admin.call("PATCH", "/users/ben/", json={"disabled": True})
    assert client.get(path).status_code == 404


def test_a_feed_that_has_not_changed_is_not_sent_again(anna: Person, client: FlaskClient) -> None:
    anna.task(schedule={"cron": "0 2 * * *", "timezone": "UTC"})
    path = feed(anna)
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, max-age=300"


def test_what_is_paused_or_deleted_is_not_due(anna: Person, client: FlaskClient) -> None:
    weekly = {"cron": "0 2 * * 1", "timezone": "UTC"}
    paused, deleted = (anna.task(name=name, schedule=weekly)["id"] for name in ("p", "d"))
    anna.post(f"/tasks/{paused}/pause/")
    anna.call("DELETE", f"/tasks/{deleted}/")
    assert summaries(read(client, feed(anna))) == []


def test_a_failure_of_long_ago_is_not_shown(
    anna: Person, client: FlaskClient, engine: Engine
) -> None:
    task = anna.task()["id"]
    run = anna.post(f"/tasks/{task}/run/").get_json()["id"]
    start_run(engine, run)
    end_run(engine, run, "failed", exit_code=1)
    assert len(summaries(read(client, feed(anna)))) == 1
    old = "ALTER TABLE runs DISABLE TRIGGER USER"
    run_sql(engine, old)
    run_sql(engine, "UPDATE runs SET scheduled_for = now() - interval '15 days'")
    run_sql(engine, old.replace("DISABLE", "ENABLE"))
    assert summaries(read(client, feed(anna))) == []


def test_feeds_are_listed_without_their_addresses_and_ended(
    anna: Person, ben: Person, client: FlaskClient
) -> None:
    anna.post("/teams/", json=TEAM)
    path = feed(anna, team="ops", tag="db")
    [listed] = anna.items("/feeds/")
    assert (listed["team"], listed["tag"], listed["last_used_at"]) == ("ops", "db", None)
    assert "url" not in listed
    client.get(path)
    [listed] = anna.items("/feeds/")
    assert listed["last_used_at"] is not None
    assert ben.call("DELETE", f"/feeds/{listed['id']}/").status_code == 404
    assert anna.call("DELETE", f"/feeds/{listed['id']}/").status_code == 204
    assert client.get(path).status_code == 404
    actions = [(one["action"], one["changes"]) for one in anna.items("/audit/?limit=2")]
    assert actions == [
        ("feed.end", {"team": ["ops", None], "tag": ["db", None]}),
        ("feed.create", {"team": [None, "ops"], "tag": [None, "db"]}),
    ]


def test_a_limited_token_makes_no_feed(anna: Person) -> None:
    made = anna.post("/tokens/", json={"name": "x", "role": "owner"}).get_json()
    limited = Person(anna.client, "anna", made["token"], anna.id)
    assert limited.post("/feeds/", json=FIRST).status_code == 403


@pytest.mark.parametrize("path", ["/calendar/{}.ics", "/calendar/{}.ics/", "/calendar/{}.svg"])
def test_an_unknown_feed_is_404(client: FlaskClient, path: str) -> None:
    assert client.get(path.format("pcf_" + "x" * 43)).status_code == 404


def test_days_are_dates(anna: Person, client: FlaskClient) -> None:
    anna.task(name="often", schedule={"every": 60})
    [event] = read(client, feed(anna)).vevent_list
    assert isinstance(event.dtstart.value, date)
    assert not isinstance(event.dtstart.value, datetime)
    assert event.summary.value == "often: every minute"


def test_a_long_name_is_folded_between_letters(anna: Person, client: FlaskClient) -> None:
    name = "ü" * 190 + ", €"
    anna.task(name=name, schedule={"cron": "0 2 * * 1", "timezone": "UTC"})
    assert set(summaries(read(client, feed(anna)))) == {name}
