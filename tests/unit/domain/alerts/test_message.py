"""Messages of one event: what a reader learns in chat and mail, and a program of a webhook."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from punctual.domain.alerts.events import EventKind
from tests.unit.domain.alerts.facts import (
    CODE,
    FAILED,
    FAILED_RUN,
    OWN,
    RUN,
    TASK,
    at,
    event,
    message,
)

OVER_2_H = {"in_row": 3, "since": "2026-11-28T23:00:42+00:00"}


def test_a_chat_reads_what_why_since_when_and_what_changed() -> None:
    text = message(event(details=OVER_2_H)).text
    assert text.splitlines() == [
        "Failed again: nightly backup (ops)",
        "Reason: exit code 3",
        "Since: 29 Nov 2026, 00:00 Europe/Rome, 3 failures in a row",
        "Attempt: 3 of 3",
        "Exit code: 3",
        "Due: 29 Nov 2026, 02:00 Europe/Rome",
        "Took: 12 s (the last success: 4 min), until 29 Nov 2026, 02:00 Europe/Rome",
        "Last success: 28 Nov 2026, 02:04 Europe/Rome",
        "Changed since by ann: command: pg_dump a → pg_dump b; env.PGHOST",
        "First new line: pg_dump: error: connection refused",
        "Last lines of output:",
        "    starting",
        "    pg_dump: error: connection refused",
        f"Open: {OWN}/run/{RUN}/",
        f"Retry: {OWN}/alert/{CODE}/retry/",
        f"Snooze 1 h: {OWN}/alert/{CODE}/snooze/?for=hour",
        f"Snooze until tomorrow: {OWN}/alert/{CODE}/snooze/?for=tomorrow",
    ]


def test_the_zone_of_the_reader_comes_before_that_of_the_task() -> None:
    text = message(FAILED, zone="America/New_York").text
    assert "Due: 28 Nov 2026, 20:00 America/New_York" in text


def test_a_time_that_clocks_show_twice_has_its_offset() -> None:
    twice = event(run=replace(FAILED_RUN, scheduled_for=at("2026-10-25T00:30:00")))
    assert "Due: 25 Oct 2026, 02:30 +0200 Europe/Rome" in message(twice).text


def test_a_recovery_says_how_often_and_how_long_it_failed() -> None:
    details = {"was": "failing", "in_row": 3, "since": "2026-11-28T23:00:42+00:00"}
    run = replace(FAILED_RUN, state="succeeded", exit_code=0, reason_code=None)
    ended = message(
        event(kind=EventKind.RECOVERED, details=details, run=run, tail=(), last_success=None)
    )
    assert ended.subject == "OK again: nightly backup (ops)"
    assert "Before: failed 3 times over 2 h" in ended.text
    assert "/alert/" not in ended.text


@pytest.mark.parametrize(
    ("kind", "details", "subject"),
    [
        (EventKind.UNSERVED_QUEUE, {"queue": "gpu"}, "No worker serves queue gpu"),
        (
            EventKind.UNSERVED_QUEUE,
            {"queue": "gpu", "over": True},
            "Queue gpu has workers again",
        ),
        (EventKind.COORDINATORS_STOPPED, {}, "No coordinator is working"),
        (EventKind.DATABASE_FULL, {"over": True}, "The database has room again"),
        (
            EventKind.CHANNEL_FAILING,
            {"channel": "01", "name": "ops"},
            "Channel ops does not deliver",
        ),
    ],
    ids=["queue", "queue over", "coordinators", "database over", "channel"],
)
def test_operators_learn_of_the_installation(
    kind: EventKind, details: dict[str, object], subject: str
) -> None:
    made = message(
        event(kind=kind, details=details, team=None, task=None, run=None, last_success=None)
    )
    assert made.subject == subject
    assert made.data["type"] == f"system.{kind}"


def test_an_outage_lists_its_tasks() -> None:
    outage = event(
        kind=EventKind.OUTAGE,
        details={"tasks": 12},
        run=None,
        task=None,
        tail=(),
        last_success=None,
        affected=(FAILED.task,),
    )
    made = message(outage)
    assert made.subject == "Outage: 12 tasks of team ops did not run on time"
    assert "Tasks: nightly backup and 11 more" in made.text
    assert made.data["type"] == "team.outage"
    assert [task["name"] for task in made.data["data"]["tasks"]] == ["nightly backup"]


def test_what_is_not_normal_comes_with_its_figures() -> None:
    figures = {"unit": "seconds", "value": 12.0, "low": 180.0, "high": 300.0, "runs": 40}
    text = message(event(kind=EventKind.FAST, details={"figures": figures})).text
    assert "Took: 12 s" in text
    assert "Normal: 3 min to 5 min in 40 successes" in text


def test_a_webhook_has_the_shape_that_is_documented() -> None:
    sent = message().data
    assert json.loads(json.dumps(sent)) == sent
    assert (sent["type"], sent["timestamp"]) == ("run.failed", "2026-11-29T01:00:42Z")
    data = sent["data"]
    assert data["task"] == {
        "id": str(TASK),
        "name": "nightly backup",
        "tags": ["db"],
        "url": f"{OWN}/task/{TASK}/",
    }
    assert (data["run"]["id"], data["run"]["exit_code"]) == (str(RUN), 3)
    assert data["run"]["reason"] == "exit code 3"
    assert data["output_tail"] == "starting\npg_dump: error: connection refused"
    assert data["url"] == f"{OWN}/run/{RUN}/"
    assert data["actions"] == {
        "retry": f"{OWN}/alert/{CODE}/retry/",
        "snooze": f"{OWN}/alert/{CODE}/snooze/",
    }


def test_without_a_public_url_nothing_links() -> None:
    made = message(FAILED, public_url="")
    assert "http" not in made.text
    assert "href" not in made.html
    assert made.data["data"]["actions"] == {"retry": None, "snooze": None}


ALLOWED = {
    *("html", "head", "meta", "title", "body", "h1"),
    *("table", "tr", "th", "td", "p", "pre", "a"),
}


class Tags(HTMLParser):
    """The tags and the attributes of a mail."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loaded += [name for name, _ in attrs if name in ("src", "srcset", "background")]


def test_a_mail_loads_nothing_and_leaves_colours_to_the_reader() -> None:
    read = Tags()
    read.feed(message().html)
    assert read.tags <= ALLOWED
    assert (read.loaded, "url(" in message().html) == ([], False)
    assert 'name="color-scheme" content="light dark"' in message().html
