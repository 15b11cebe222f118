"""Choices that no browser offers are refused at their field, and what was typed stays."""

import re
from typing import Any

import pytest

from tests.integration.api.pages.visitor import Visitor

FORM: dict[str, Any] = {
    "type": "shell",
    "command": "echo kept",
    "name": "typed name",
    "kind": "every",
    "every": "5",
    "every_unit": "60",
}
HTTP = {"type": "http", "url": "https://example.com/", "method": "GET", "follow_redirects": "yes"}


def wrong(text: str, field: str) -> str:
    found = re.search(rf'id="{field}-wrong">([^<]*)<', text)
    return found[1] if found else ""


def chosen(text: str, field: str) -> str | None:
    """What a browser would send of a select that it is shown."""
    select = re.search(rf'<select id="{field}".*?</select>', text, re.DOTALL)
    assert select
    found = re.search(r'<option value="([^"]*)" selected>', select[0])
    return found and found[1]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"type": "zzz"}, "type"),
        ({"type": ""}, "type"),
        ({"kind": "zzz"}, "schedule"),
        ({"kind": ""}, "schedule"),
        ({"kind": "soon", "soon": "zzz"}, "schedule"),
        ({"kind": "soon", "soon": "-1"}, "schedule"),
        ({"kind": "soon", "soon": "86400"}, "schedule"),
        ({"every_unit": "zzz"}, "every_unit"),
        ({"every_unit": "7"}, "every_unit"),
        ({"every_unit": ""}, "every_unit"),
        ({"overlap": "zzz"}, "overlap"),
        ({"overlap": ""}, "overlap"),
        ({"catch_up": "zzz"}, "catch_up"),
        ({"priority": "zzz"}, "priority"),
        ({"priority": "11"}, "priority"),
        ({"queue": "ZZZ"}, "queue"),
        ({**HTTP, "method": "TRACE"}, "method"),
        ({**HTTP, "follow_redirects": "zzz"}, "follow_redirects"),
    ],
    ids=str,
)
def test_the_task_form_refuses_what_it_does_not_offer(
    ann: Visitor, sent: dict[str, str], field: str
) -> None:
    task = ann.person.task(name="as it was")["id"]
    for path in ("/task/create/", f"/task/{task}/update/"):
        page = ann.post(path, **{**FORM, "version": "1", **sent})
        assert page.status_code == 422, path
        assert wrong(page.text, field), path
        assert 'value="typed name"' in page.text
        assert "echo kept" in page.text
        value = sent.get(field)
        if value and field not in {"type", "queue"}:
            assert chosen(page.text, field) == value
    assert [one["name"] for one in ann.person.items("/tasks/")] == ["as it was"]


def test_what_is_not_read_of_the_form_is_no_fault(ann: Visitor) -> None:
    form = {
        **FORM,
        "follow_redirects": "zzz",
        "method": "TRACE",
        "kind": "hand",
        "every_unit": "zzz",
    }
    assert ann.post("/task/create/", **form).status_code == 302


def test_the_crontab_form_refuses_an_unknown_format(ann: Visitor) -> None:
    sent = {"crontab": "@daily true", "format": "zzz", "timezone": "UTC"}
    page = ann.post("/import/crontab/", **sent)
    assert page.status_code == 422
    assert wrong(page.text, "format")
    assert chosen(page.text, "format") == "zzz"
    assert "@daily true" in page.text


def test_the_form_of_a_run_refuses_an_unknown_choice_and_shows_it(ann: Visitor) -> None:
    params = [{"name": "day", "type": "choice", "choices": ["mon", "tue"], "default": "mon"},
              {"name": "full", "type": "boolean", "default": False}]  # fmt: skip
    task = ann.person.task(params=params)["id"]
    for field, sent in (("param-day", {"param-day": "zzz"}), ("param-full", {"param-full": "zzz"})):
        page = ann.post(f"/task/{task}/run/", **sent)
        assert page.status_code == 422
        assert wrong(page.text, field)
        assert chosen(page.text, field) == "zzz"
    assert ann.person.items(f"/tasks/{task}/runs/") == []


def test_the_dashboard_refuses_an_unknown_status_and_shows_it(ann: Visitor) -> None:
    ann.person.task(name="there")
    page = ann.get("/dashboard/?status=zzz")
    assert page.status_code == 422
    assert wrong(page.text, "status")
    assert chosen(page.text, "status") == "zzz"
    assert "No task matches" in page.text
    assert ann.get("/dashboard/?status=idle").status_code == 200


def test_the_dashboard_shows_the_tag_it_is_limited_to_though_no_task_has_it(ann: Visitor) -> None:
    ann.person.task(name="there", tags=["known"])
    assert chosen(ann.get("/dashboard/?tag=gone").text, "tag") == "gone"


def test_the_ledger_refuses_an_unknown_reason_and_shows_it(ann: Visitor) -> None:
    task = ann.person.task()["id"]
    page = ann.get(f"/task/{task}/due-times/?reason=zzz")
    assert page.status_code == 422
    assert wrong(page.text, "reason")
    assert chosen(page.text, "reason") == "zzz"


@pytest.mark.parametrize("attempt", ["zzz", "0", "-1", "2", "99999999999999999999", "1.0", "٣"])
def test_an_attempt_that_is_none_is_404(ann: Visitor, attempt: str) -> None:
    task = ann.person.task()["id"]
    run = ann.person.post(f"/tasks/{task}/run/").get_json()["id"]
    for path in (f"/run/{run}/", f"/run/{run}/output/"):
        assert ann.browser.get(path, query_string={"attempt": attempt}).status_code == 404
        assert ann.browser.get(path, query_string={"attempt": ""}).status_code == 200
    assert ann.get(f"/run/{run}/output/?stream=zzz").status_code == 404


def test_a_backfill_without_a_range_is_answered_in_words(ann: Visitor) -> None:
    task = ann.person.task(schedule={"every": 60})["id"]
    path = f"/task/{task}/backfill/"
    of = f"/task/{task}/due-times/"
    answer = ann.post(path, of=of, **{"from": "zzz", "to": "2026-01-01T00:00:00Z"})
    assert answer.status_code == 302
    assert "This is no range of times" in ann.get(answer.headers["Location"]).text
