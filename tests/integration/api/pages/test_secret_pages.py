"""Secrets on the pages: set and replaced without ever being shown, and chosen by name in a task."""

import re

import pytest
from sqlalchemy import Engine, text

from tests.integration.api.pages.visitor import Visitor
from tests.integration.api.secrets.test_secrets import opened

VALUE = "gx7-Kq0_very-secret"


@pytest.fixture
def path(ann: Visitor) -> str:
    """The page of a team's secrets."""
    ann.person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    return "/team/ops/secrets/"


def create(ann: Visitor, path: str, name: str = "pg", value: str = VALUE) -> None:
    answer = ann.post(path, name=name, value=value)
    assert answer.status_code == 302, answer.text


def test_a_secret_is_set_replaced_and_deleted(ann: Visitor, path: str, engine: Engine) -> None:
    assert "Secrets" in ann.get("/team/ops/").text
    create(ann, path, value="line one\r\nline two\r\n")
    assert opened(engine) == "line one\nline two\n"
    page = ann.get(path).text
    assert "no task" in page
    assert "line one" not in page
    assert ann.post(f"{path}pg/", value=VALUE).status_code == 302
    assert opened(engine) == VALUE
    assert VALUE not in ann.get(f"{path}pg/").text
    assert ann.post(f"{path}pg/delete/", of=f"{path}pg/").status_code == 302
    assert ann.get(f"{path}pg/").status_code == 404


def test_a_mistake_is_shown_and_the_value_is_not(ann: Visitor, path: str) -> None:
    for form, why in (
        ({"name": "a b", "value": VALUE}, "A name is 1 to 100 letters"),
        ({"name": "pg", "value": ""}, "must not be empty"),
        ({"name": "pg", "value": VALUE + "x" * 65536}, "at most 64 KiB"),
    ):
        answer = ann.post(path, **form)
        assert answer.status_code == 422
        assert why in answer.text
        assert VALUE not in answer.text
        assert f'value="{form["name"]}"' in answer.text
    create(ann, path)
    taken = ann.post(path, name="pg", value=VALUE)
    assert taken.status_code == 409
    assert "has a secret pg already" in taken.text
    assert VALUE not in taken.text


def test_every_field_of_a_value_is_kept_from_the_browsers_memory(ann: Visitor, path: str) -> None:
    create(ann, path)
    for shown in (ann.get(path), ann.get(f"{path}pg/")):
        [field] = re.findall(r'<textarea id="value"[^>]*>', shown.text)
        assert 'autocomplete="off"' in field
        assert shown.headers["Cache-Control"] == "no-store"


def test_a_secret_in_use_is_deleted_after_a_second_look(ann: Visitor, path: str) -> None:
    create(ann, path)
    env = {"PGPASSWORD": {"secret": "pg"}}
    task = ann.person.task(name="night dump", team="ops", env=env)
    assert f'href="/task/{task["id"]}/"' in ann.get(path).text
    answer = ann.post(f"{path}pg/delete/", of=f"{path}pg/")
    assert answer.status_code == 409
    assert "night dump" in answer.text
    assert "Delete it anyway" in answer.text
    assert ann.get(f"{path}pg/").status_code == 200
    assert ann.post(f"{path}pg/delete/", of=f"{path}pg/", force="1").status_code == 302
    assert "No secret yet" in ann.get(path).text


def test_a_task_names_secrets_in_its_form(ann: Visitor, path: str, engine: Engine) -> None:
    create(ann, path)
    form = "/task/create/?team=ops"
    assert "${secret:pg}" in ann.get(form).text
    plain = {"team": "ops", "kind": "hand", "type": "shell", "command": "true"}
    wrong = ann.post(form, **plain, env="PGPASSWORD=${secret:no}")
    assert wrong.status_code == 422
    assert "no: There is no such secret" in wrong.text
    misspelt = ann.post(form, **plain, env="PGPASSWORD=${secret: pg}")
    assert misspelt.status_code == 422
    assert "is no secret" in misspelt.text
    made = ann.post(form, **plain, env="PGPASSWORD=${secret:pg}\nFILE=${secret_file:a/b}\nX=y")
    assert made.status_code == 302
    [task] = ann.person.items("/tasks/?team=ops")
    expected = {"PGPASSWORD": {"secret": "pg"}, "FILE": {"secret_file": "a/b"}, "X": "y"}
    assert task["env"] == expected
    shown = ann.get(f"/task/{task['id']}/").text
    assert "PGPASSWORD=${secret:pg}" in shown
    edit = f"/task/{task['id']}/update/"
    assert "PGPASSWORD=${secret:pg}" in ann.get(edit).text
    version = re.search(r'name="version" value="(\d+)"', ann.get(edit).text)
    assert version
    saved = ann.post(edit, **plain, version=version[1], env="PGPASSWORD=${secret:pg}", tags="x")
    assert saved.status_code == 302, saved.text
    [task] = ann.person.items("/tasks/?team=ops")
    assert task["env"] == {"PGPASSWORD": {"secret": "pg"}}


def test_a_request_keeps_its_secrets_through_its_form(ann: Visitor, path: str) -> None:
    create(ann, path)
    http = {
        "method": "POST",
        "url": "https://example.com/",
        "headers": {"A": "Bearer ${secret:pg}", "B": {"secret": "pg"}},
        "body": {"secret": "pg"},
    }
    task = ann.person.post("/tasks/", json={"http": http, "team": "ops"}).get_json()
    edit = f"/task/{task['id']}/update/"
    page = ann.get(edit).text
    assert "B: ${secret:pg}" in page
    typed = {
        name: (re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) or ["", ""])[1]
        for name in ("version", "url", "name")
    }
    sent = ann.post(
        edit,
        **typed,
        kind="hand",
        type="http",
        method="POST",
        headers="A: Bearer ${secret:pg}\nB: ${secret:pg}",
        http_body="${secret:pg}",
        tags="changed",
    )
    assert sent.status_code == 302, sent.text
    after = ann.person.get(f"/tasks/{task['id']}/").get_json()
    assert after["tags"] == ["changed"]
    assert after["http"] == task["http"]
    assert "${secret:pg}" in ann.get(f"/task/{task['id']}/").text


def test_a_task_whose_secret_is_gone_cannot_be_restored_and_the_page_says_why(
    ann: Visitor, path: str, engine: Engine
) -> None:
    create(ann, path)
    task = ann.person.task(team="ops", env={"A": {"secret": "pg"}})
    ann.person.call("PATCH", f"/tasks/{task['id']}/", json={"env": {}})
    ann.person.call("DELETE", "/secrets/pg/?team=ops")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM secrets")).scalar_one() == 0
    page = f"/task/{task['id']}/versions/"
    answer = ann.post(f"{page}1/restore/", of=page)
    assert answer.status_code == 302
    assert "Not restored. env/A: pg: There is no such secret" in ann.get(page).text
