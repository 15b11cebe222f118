"""The page of due times: why, the ledger, a pause with an end, and backfill after a look."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from punctual.domain.runs.ledger import Reason
from punctual.store.calendars.changes import blocked_by
from punctual.store.ledger.entries import LedgerEntry, note
from tests.integration.api.pages.visitor import Visitor

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAILY = {"cron": "0 12 * * *", "timezone": "UTC"}


def task_of(ann: Visitor, **values: object) -> str:
    return str(ann.person.task(schedule=DAILY, **values)["id"])


def noted(engine: Engine, task: str, *reasons: Reason) -> None:
    entries = [
        LedgerEntry(uuid.UUID(task), NOON + timedelta(days=place), reason, blocked_by("<b>X</b>"))
        for place, reason in enumerate(reasons)
    ]
    with engine.begin() as connection:
        note(connection, entries)


def wrong(text: str, field: str) -> str:
    found = re.search(rf'id="{field}-wrong">([^<]*)<', text)
    return found[1] if found else ""


def test_the_task_leads_to_its_due_times(ann: Visitor) -> None:
    task = task_of(ann)
    assert f"/task/{task}/due-times/" in ann.get(f"/task/{task}/").text
    page = ann.get(f"/task/{task}/due-times/")
    assert "Every recorded due time was started within a second." in page.text


def test_the_ledger_is_shown_with_reasons_and_by_reason(ann: Visitor, engine: Engine) -> None:
    task = task_of(ann)
    noted(engine, task, Reason.BLOCKED, Reason.MISSED)
    path = f"/task/{task}/due-times/"
    text = ann.get(path).text
    named = 'blocked by calendar "&lt;b&gt;X&lt;/b&gt;"'
    assert text.index(f"Missed: {named}") < text.index(f"Held: {named}")
    assert "Missed" not in ann.get(f"{path}?reason=held").text
    assert "Missed" in ann.get(f"{path}?before=x").text


def test_a_long_ledger_is_shown_page_by_page(ann: Visitor, engine: Engine) -> None:
    task = task_of(ann)
    noted(engine, task, *[Reason.BLOCKED] * 51)
    first = ann.get(f"/task/{task}/due-times/?reason=held").text
    older = re.search(r'href="([^"]*before=[^"]*)"', first)
    assert older
    rest = ann.get(older[1].replace("&amp;", "&")).text
    assert (first.count("Held:"), rest.count("Held:")) == (50, 1)
    assert "Newest" in rest


def test_why_is_answered_for_a_local_time(ann: Visitor, engine: Engine) -> None:
    task = task_of(ann)
    noted(engine, task, Reason.BLOCKED)
    path = f"/task/{task}/due-times/?at=2026-01-05T13:00:00&zone=Europe/Rome"
    assert (
        '<p class="flash" id="answer" role="status">Held: blocked by calendar "&lt;b&gt;'
        in ann.get(path).text
    )


@pytest.mark.parametrize(
    ("query", "field"), [("at=soon&zone=UTC", "at"), ("at=2026-01-05T13:00&zone=Mars", "zone")]
)
def test_an_invalid_time_is_reported_at_its_field(ann: Visitor, query: str, field: str) -> None:
    page = ann.get(f"/task/{task_of(ann)}/due-times/?{query}")
    assert page.status_code == 422
    assert wrong(page.text, field)


def test_a_pause_with_an_end_is_kept(ann: Visitor) -> None:
    task = task_of(ann)
    of = f"/task/{task}/due-times/"
    path = f"/task/{task}/pause-until/"
    until = {"until": "2199-01-01T01:00:00", "until_zone": "Europe/Rome"}
    assert ann.post(path, of=of, **until).status_code == 302
    saved = ann.person.get(f"/tasks/{task}/").get_json()
    assert (saved["enabled"], saved["paused_until"]) == (False, "2199-01-01T00:00:00Z")


@pytest.mark.parametrize("until", ["", "2020-01-01T00:00:00"])
def test_a_pause_without_a_coming_end_is_refused_and_what_was_typed_stays(
    ann: Visitor, until: str
) -> None:
    task = task_of(ann)
    of = f"/task/{task}/due-times/"
    page = ann.post(f"/task/{task}/pause-until/", of=of, until=until, until_zone="Asia/Tokyo")
    assert page.status_code == 422
    assert wrong(page.text, "until")
    assert 'value="Asia/Tokyo"' in page.text
    assert ann.person.get(f"/tasks/{task}/").get_json()["enabled"]


def test_a_backfill_is_looked_at_and_then_run(ann: Visitor) -> None:
    task = str(ann.person.task(schedule={"cron": "0 * * * *", "timezone": "UTC"})["id"])
    now = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)
    span = {
        "start": f"{now - timedelta(hours=4):%Y-%m-%dT%H:%M:%S}",
        "end": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}",
    }
    look = ann.browser.get(f"/task/{task}/backfill/", query_string={**span, "range_zone": "UTC"})
    assert "3 due times without a start" in look.text
    assert ann.person.items(f"/tasks/{task}/runs/") == []
    sent = dict(re.findall(r'type="hidden" name="(from|to)" value="([^"]+)"', look.text))
    of = f"/task/{task}/due-times/"
    assert ann.post(f"/task/{task}/backfill/", of=of, **sent).status_code == 302
    runs = ann.person.items(f"/tasks/{task}/runs/")
    assert [run["trigger"] for run in runs] == ["backfill"] * 3
    ann.post(f"/task/{task}/backfill/", of=of, **sent)
    assert len(ann.person.items(f"/tasks/{task}/runs/")) == 3


@pytest.mark.parametrize(
    ("span", "field"),
    [
        ({"start": "", "end": "2026-01-01T00:00:00"}, "start"),
        ({"start": "2026-01-02T00:00:00", "end": "2026-01-01T00:00:00"}, "end"),
        ({"start": "2020-01-02T00:00:00", "end": "2026-01-01T00:00:00"}, "start"),
    ],
)
def test_a_range_that_is_none_is_refused(ann: Visitor, span: dict[str, str], field: str) -> None:
    page = ann.browser.get(f"/task/{task_of(ann)}/backfill/", query_string=span)
    assert page.status_code == 422
    assert wrong(page.text, field)


@pytest.mark.parametrize("page", ["due-times", "backfill"])
def test_the_due_times_of_others_are_not_found(ann: Visitor, bob: Visitor, page: str) -> None:
    assert bob.get(f"/task/{task_of(ann)}/{page}/").status_code == 404


@pytest.mark.parametrize(
    "at",
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00", "1969-06-01T00:00:00", "9999-12-31T23:59:59Z",
     "9999-12-31T23:59:59-12:00"],
)  # fmt: skip
def test_a_time_at_the_edge_of_all_times_is_answered_in_words(ann: Visitor, at: str) -> None:
    for schedule in ({"every": 60}, {"cron": "0 2 * * *", "timezone": "Europe/Rome"}):
        task = ann.person.task(schedule=schedule)["id"]
        for zone in ("UTC", "Pacific/Kiritimati"):
            answer = ann.browser.get(
                f"/task/{task}/due-times/", query_string={"at": at, "zone": zone}
            )
            assert answer.status_code == (200 if at == "9999-12-31T23:59:59Z" else 422), zone
            typed = {"start": at, "end": at, "range_zone": zone}
            looked = ann.browser.get(f"/task/{task}/backfill/", query_string=typed)
            assert looked.status_code in {200, 422}
            paused = ann.post(f"/task/{task}/pause-until/", of=f"/task/{task}/due-times/",
                              until=at, until_zone=zone)  # fmt: skip
            assert paused.status_code in {302, 422}
        for before in ("-62135596800000000", "253402300799999999", "9" * 30, "x"):
            assert ann.get(f"/task/{task}/due-times/?before={before}").status_code == 200
