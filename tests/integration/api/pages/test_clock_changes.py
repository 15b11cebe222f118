"""A local time that a clock change skips or repeats is taken by the rule, and that is said."""

import pytest

from tests.integration.api.pages.visitor import Visitor

FORM = {"command": "true", "kind": "at", "at_zone": "Europe/Rome"}
SKIPPED, REPEATED = "2035-03-25T02:30", "2035-10-28T02:30"
WARNINGS = {
    SKIPPED: "02:30 does not exist: 03:00 is taken (01:00 UTC)",
    REPEATED: "02:30 comes twice: the first is taken (00:30 UTC)",
}
INSTANT = {SKIPPED: "2035-03-25T01:00:00Z", REPEATED: "2035-10-28T00:30:00Z"}


@pytest.mark.parametrize("local", WARNINGS)
def test_the_task_form_says_it_in_its_preview_and_when_it_is_saved(
    ann: Visitor, local: str
) -> None:
    seen = ann.post("/task/create/", **FORM, at=local, preview="1")
    assert (seen.status_code, WARNINGS[local] in seen.text) == (200, True)
    saved = ann.post("/task/create/", **FORM, at=local)
    assert saved.status_code == 302
    assert WARNINGS[local] in ann.get(saved.headers["Location"]).text
    [task] = ann.person.items("/tasks/")
    assert task["schedule"] == {"at": INSTANT[local]}
    update = f"/task/{task['id']}/update/"
    renamed = ann.post(update, name="renamed", version="1")
    assert WARNINGS[local] not in ann.get(renamed.headers["Location"]).text
    moved = ann.post(update, **FORM, at=local, version="2")
    assert WARNINGS[local] in ann.get(moved.headers["Location"]).text


@pytest.mark.parametrize("local", WARNINGS)
def test_the_pages_of_due_times_say_it(ann: Visitor, local: str) -> None:
    task = ann.person.task(schedule={"every": 3600})["id"]
    due_times, zone = f"/task/{task}/due-times/", "Europe/Rome"
    why = ann.browser.get(due_times, query_string={"at": local, "zone": zone})
    assert WARNINGS[local] in why.text
    span = {"start": "2026-01-01T00:00", "end": local, "range_zone": zone}
    assert WARNINGS[local] in ann.browser.get(f"/task/{task}/backfill/", query_string=span).text
    paused = ann.post(f"/task/{task}/pause-until/", of=due_times, until=local, until_zone=zone)
    assert WARNINGS[local] in ann.get(paused.headers["Location"]).text
    assert ann.person.get(f"/tasks/{task}/").get_json()["paused_until"] == INSTANT[local]


def test_a_zone_that_was_typed_stays_also_when_it_is_utc(ann: Visitor) -> None:
    """The page's script puts the browser's zone where nothing was typed."""
    path = f"/task/{ann.person.task()['id']}/due-times/"
    fresh = ann.get(path).text
    chosen = ann.browser.get(path, query_string={"at": "2026-01-01T00:00", "zone": "UTC"}).text
    assert [text.count("data-browser-zone") for text in (fresh, chosen)] == [2, 1]


def test_an_ordinary_time_is_taken_without_a_word(ann: Visitor) -> None:
    saved = ann.post("/task/create/", **FORM, at="2035-03-25T03:30")
    assert "clocks" not in ann.get(saved.headers["Location"]).text
