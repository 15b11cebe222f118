"""The page of concurrency limits: set, seen with what runs and waits, changed, removed."""

import re

from sqlalchemy import Engine

from tests.integration.api.conftest import start_run
from tests.integration.api.pages.visitor import Visitor

PATH = "/concurrency/"


def limits(who: Visitor) -> list[tuple[str | None, int]]:
    return [(one["tag"], one["max_concurrent"]) for one in who.person.items("/concurrency/")]


def limit_of(who: Visitor, tag: str | None, most: int) -> str:
    answer = who.person.post("/concurrency/", json={"tag": tag, "max_concurrent": most})
    return str(answer.get_json()["id"])


def row(page: str, limit: str) -> str:
    found = re.search(rf'<tr id="limit-{limit}">(.*?)</tr>', page, re.DOTALL)
    assert found, page
    return re.sub(r"\s+", " ", found[1])


def numbers(page: str, limit: str) -> list[int]:
    return [int(number) for number in re.findall(r'class="number[^"]*">(\d+)<', row(page, limit))]


def wrong(text: str, field: str) -> str:
    found = re.search(rf'id="{field}-wrong">([^<]*)<', text)
    return found[1] if found else ""


def test_a_limit_is_set_for_a_tag_and_for_all(ann: Visitor) -> None:
    assert "No limit is set" in ann.get(PATH).text
    assert ann.post(PATH, tag=" db <b> ", max_concurrent="2").status_code == 302
    assert ann.post(PATH, tag="", max_concurrent="50").status_code == 302
    assert limits(ann) == [("db <b>", 2), (None, 50)]
    page = ann.get(PATH).text
    assert "<bdi>db &lt;b&gt;</bdi></a>" in page
    assert "all your tasks</th>" in page


def test_a_fault_of_a_new_one_is_reported_at_its_field(ann: Visitor) -> None:
    limit_of(ann, "db", 2)
    for tag, most, field, message in (
        ("db", "3", "tag", "There is a limit for tag db already: change that one."),
        ("x" * 51, "3", "tag", "Length must be between 1 and 50."),
        ("files", "", "max_concurrent", "Please fill this in."),
        ("files", "many", "max_concurrent", "This must be a whole number."),
        ("files", "1.5", "max_concurrent", "This must be a whole number."),
        ("files", "0", "max_concurrent", "Must be greater than or equal to 1"),
    ):
        answer = ann.post(PATH, tag=tag, max_concurrent=most)
        assert answer.status_code == 422
        assert message in wrong(answer.text, field), answer.text
        assert f'id="tag" name="tag" type="text" value="{tag}"' in answer.text
        assert f'name="max_concurrent" type="text" value="{most}"' in answer.text
    assert limits(ann) == [("db", 2)]


def test_a_limit_is_changed_and_removed(ann: Visitor) -> None:
    limit = limit_of(ann, "db", 2)
    assert ann.post(f"{PATH}{limit}/", of=PATH, max_concurrent="7").status_code == 302
    assert limits(ann) == [("db", 7)]
    refused = ann.post(f"{PATH}{limit}/", of=PATH, max_concurrent="none")
    assert refused.status_code == 422
    assert wrong(refused.text, f"most-{limit}") == "This must be a whole number."
    assert 'value="none"' in row(refused.text, limit)
    assert limits(ann) == [("db", 7)]
    assert ann.post(f"{PATH}{limit}/delete/", of=PATH).status_code == 302
    assert limits(ann) == []


def test_it_shows_what_runs_and_what_waits_for_a_limit_that_is_reached(
    ann: Visitor, bob: Visitor, engine: Engine
) -> None:
    reached, roomy = limit_of(ann, "db", 1), limit_of(ann, None, 50)
    limit_of(bob, "db", 1)
    for who in (bob, ann, ann, ann):
        task = who.person.task(tags=["db"], schedule={"every": 86_400})
        who.person.post(f"/tasks/{task['id']}/run/")
    later = ann.person.task(tags=["db"], schedule={"at": "2199-01-01T00:00:00Z"})
    runs = ann.person.items("/runs/")
    assert numbers(ann.get(PATH).text, reached) == [0, 0], "due, and there is room"
    start_run(engine, runs[0]["id"])
    assert numbers(ann.get(PATH).text, reached) == [1, 2]
    assert numbers(ann.get(PATH).text, roomy) == [1, 0]
    assert ann.person.items("/concurrency/")[0]["waiting"] == 2
    assert later["status"] == "scheduled"
    change = ann.post(f"{PATH}{reached}/", of=PATH, max_concurrent="2")
    assert change.status_code == 302
    assert numbers(ann.get(PATH).text, reached) == [1, 0]


def test_limits_of_others_are_not_there(ann: Visitor, bob: Visitor) -> None:
    limit = limit_of(ann, "secret", 2)
    assert "secret" not in bob.get(PATH).text
    assert bob.post(f"{PATH}{limit}/", of=PATH, max_concurrent="9").status_code == 404
    assert bob.post(f"{PATH}{limit}/delete/", of=PATH).status_code == 404
    assert limits(ann) == [("secret", 2)]


def test_tags_without_a_limit_are_offered(ann: Visitor) -> None:
    ann.person.task(tags=["db", "files"])
    limit_of(ann, "db", 1)
    page = ann.get(PATH).text
    assert '<option value="files">' in page
    assert '<option value="db">' not in page


def test_a_form_of_another_site_is_refused(ann: Visitor) -> None:
    limit = limit_of(ann, "files", 3)
    for path in (PATH, f"{PATH}{limit}/", f"{PATH}{limit}/delete/"):
        answer = ann.browser.post(path, data={"tag": "db", "max_concurrent": "1"})
        assert answer.status_code == 400, path
    assert limits(ann) == [("files", 3)]
