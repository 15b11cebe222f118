"""What the pages answer to forms, by HTTP: refusals, kept input, and no other user's objects."""

import html
import re

from tests.e2e.visitor import FORM, Visitor, value_of, wrong
from tests.support.product import PASSWORD, Product


def test_a_form_with_mistakes_keeps_everything_typed_and_marks_each(ann: Visitor) -> None:
    typed = {
        "name": "kept <b>",
        "command": " ",
        "kind": "cron",
        "cron": "61 * * * *",
        "timezone": "Europe/Rom",
        "max_retries": "many",
        "priority": "5",
        "env": "1BAD=x\nnothing",
        "metadata": "{not json",
        "tags": "a, b",
        "working_dir": "relative",
    }
    answer = ann.post("/task/create/", **typed)
    assert answer.status_code == 422
    for field in ("command", "cron", "max_retries", "env", "metadata", "working_dir"):
        assert wrong(answer, field), field
    for field in ("name", "cron", "timezone", "max_retries", "tags", "working_dir"):
        assert value_of(answer, field) == typed[field]
    assert "1BAD=x\nnothing</textarea>" in answer.text
    fixed = {**typed, "cron": "0 * * * *"}
    assert "Europe/Rome" in wrong(ann.post("/task/create/", **fixed), "timezone")


def test_a_form_overtaken_by_another_edit_is_not_saved_and_keeps_its_input(ann: Visitor) -> None:
    task = ann.creates(name="first")
    answer = ann.post(f"{task}update/", **FORM, name="second", version="1")
    assert answer.headers["Location"] == task
    late = ann.post(f"{task}update/", **FORM, name="third", version="1")
    assert late.status_code == 412
    assert "has changed since you opened it" in late.text
    assert value_of(late, "name") == "third"
    assert "<h1><bdi>second</bdi></h1>" in ann.http.get(task).text
    decided = ann.post(f"{task}update/", **FORM, name="third", version="2")
    assert decided.status_code == 302
    assert "<h1><bdi>third</bdi></h1>" in ann.http.get(task).text


def test_a_form_saved_as_it_is_changes_nothing_that_it_cannot_show(
    ann: Visitor, product: Product
) -> None:
    who = {"username": ann.name, "password": PASSWORD}
    sent = {
        "command": "true",
        "schedule": {"at": "2031-01-02T03:04:05.678901Z"},
        "env": {"LINES": "one\ntwo", "BLANK": "  "},
        "tags": ["a,b", "c"],
        "metadata": {"deep": [1, None, {"é": 0.5}]},
        "retry_delay": 0.25,
        "start_deadline": 90.5,
        "limits": {
            "processes": 7,
            "memory_bytes": 3 * 2**30,
            "file_bytes": 1001,
            "disk_bytes": 5 * 2**20,
        },
    }
    with product.visitor() as api:
        token = api.post("/api/login/", json=who).json()["token"]
        api.headers["Authorization"] = f"Token {token}"
        made = api.post("/api/tasks/", json=sent).json()
        path = f"/task/{made['id']}/update/"
        page = ann.http.get(path).text
        fields = dict(re.findall(r'<input id="([a-z_]+)"[^>]* value="([^"]*)"', page))
        fields |= dict(re.findall(r'<textarea id="([a-z_]+)"[^>]*>\n([^<]*)</textarea>', page))
        fields |= {"overlap": "skip", "catch_up": "latest", "priority": "5", "kind": "at"}
        typed = {name: html.unescape(value) for name, value in fields.items()}
        answer = ann.post(path, **typed, version="1", every_unit="60")
        assert answer.status_code == 302, answer.text
        stored = api.get(f"/api/tasks/{made['id']}/").json()
    assert {name: stored[name] for name in sent} == sent
    assert stored["version"] == 2


def test_another_users_tasks_and_runs_are_not_there(ann: Visitor, bob: Visitor) -> None:
    task = ann.creates(name="private matter")
    run = ann.post(f"{task}run/", of=task).headers["Location"]
    assert ann.http.get(run).status_code == 200
    for path in (task, f"{task}update/", f"{task}delete/", run, f"{run}output/"):
        answer = bob.http.get(path)
        assert answer.status_code == 404, path
        assert "private" not in answer.text
        assert answer.headers["Content-Type"].startswith("text/html")
    changes = [f"{task}{verb}/" for verb in ("update", "delete", "run", "pause", "resume")]
    for path in (*changes, f"{run}cancel/", f"{run}retry/"):
        answer = bob.post(path, of="/task/create/", **FORM, version="1")
        assert answer.status_code == 404, path
    assert "private matter" not in bob.http.get("/dashboard/?q=matter").text
    assert "private matter" in ann.http.get(task).text


def test_errors_are_pages_for_browsers_and_problems_for_programs(ann: Visitor) -> None:
    for path, method, status in (("/nowhere/", "GET", 404), ("/dashboard/", "DELETE", 405)):
        page = ann.http.request(method, path)
        assert (page.status_code, page.headers["Content-Type"]) == (
            status,
            "text/html; charset=utf-8",
        )
        problem = ann.http.request(method, path, headers={"Accept": "*/*"})
        assert (problem.status_code, problem.json()["status"]) == (status, status)
    assert ann.http.get("/api/nowhere/").headers["Content-Type"] == "application/problem+json"


def test_pages_are_kept_by_no_cache_and_allow_no_foreign_scripts(ann: Visitor) -> None:
    answer = ann.http.get("/dashboard/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert " style=" not in answer.text
    for asset in re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text):
        stored = ann.http.get(asset)
        assert stored.status_code == 200, asset
        assert "max-age=31536000" in stored.headers["Cache-Control"]


def test_the_session_cookie_is_kept_from_scripts_and_foreign_forms(visitor: Visitor) -> None:
    cookie = visitor.http.get("/login/").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_long_list_is_read_page_by_page(ann: Visitor, product: Product) -> None:
    who = {"username": ann.name, "password": PASSWORD}
    with product.visitor() as api:
        token = api.post("/api/login/", json=who).json()["token"]
        tasks = [{"command": "true", "name": f"task-{number:03}"} for number in range(120)]
        headers = {"Authorization": f"Token {token}"}
        api.post("/api/tasks/bulk/", json={"items": tasks}, headers=headers).raise_for_status()
    seen: list[str] = []
    path: str | None = "/dashboard/"
    while path:
        page = ann.http.get(path).text
        seen += re.findall(r"<bdi>(task-\d{3})</bdi></a>", page.split("<tbody>")[1])
        older = re.search(r'<a href="([^"]+)">(?:Older|More)', page)
        path = html.unescape(older[1]) if older else None
    assert seen == [f"task-{number:03}" for number in reversed(range(120))]
    assert "No task matches" in ann.http.get("/dashboard/?q=nothing-like-it").text
