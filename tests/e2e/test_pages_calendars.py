"""The pages of calendars."""

from tests.e2e.visitor import Visitor

XMAS = {"name": "Xmas <3", "timezone": "Europe/Rome", "days": "2027-12-25, 2027-12-26"}


def test_a_calendar_is_made_changed_named_by_a_task_and_deleted(ann: Visitor) -> None:
    assert ann.post("/calendar/create/", **XMAS).status_code == 302
    listed = ann.http.get("/calendars/").text
    assert "Xmas &lt;3" in listed
    path = listed.split('href="/calendar/')[-1].split('"')[0]
    form = ann.http.get(f"/calendar/{path}").text
    assert "2027-12-25\n2027-12-26</textarea>" in form
    windows = '[{"weekday": "sat", "start": "22:00", "end": "06:00"}]'
    assert ann.post(f"/calendar/{path}", **XMAS, windows=windows).status_code == 302
    page = ann.creates(calendars="Xmas <3")
    assert "<bdi>Xmas &lt;3</bdi></a>" in ann.http.get(page).text
    refused = ann.post(f"/calendar/{path}delete/", of=f"/calendar/{path}")
    assert refused.status_code == 422
    assert "It is in use: a task names it." in refused.text
    ann.post(f"{page}delete/")
    assert ann.post(f"/calendar/{path}delete/", of=f"/calendar/{path}").status_code == 302
    assert "No calendar yet." in ann.http.get("/calendars/").text


def test_what_is_wrong_is_marked_and_what_was_typed_is_kept(ann: Visitor) -> None:
    ann.post("/calendar/create/", **XMAS)
    taken = ann.post("/calendar/create/", **XMAS)
    assert taken.status_code == 422
    assert "Another calendar of yours has this name." in taken.text
    fields = {"name": "x", "timezone": "Mars", "days": "someday", "windows": "soon"}
    wrong = ann.post("/calendar/create/", **fields)
    assert wrong.status_code == 422
    assert "This is not JSON" in wrong.text
    assert "someday" in wrong.text
    wrong = ann.post("/calendar/create/", **{**fields, "windows": "", "timezone": "UTC"})
    assert "1: A day is a date such as 2026-12-25." in wrong.text
    task = ann.post("/task/create/", command="true", kind="hand", calendars="Easter")
    assert task.status_code == 422
    assert "There is no such calendar." in task.text
