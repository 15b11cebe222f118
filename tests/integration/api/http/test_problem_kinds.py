"""What `type` of an error says: one address for each kind, and a page there."""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from punctual_api.http.problem_kinds import KINDS, ProblemKind, kind_of
from tests.integration.api.conftest import Person

ROOT = Path(__file__).parents[4]
DOCS = ROOT / "docs" / "reference" / "problems.md"
API = ROOT / "services" / "api" / "punctual_api"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_address_of_a_kind_has_a_page_without_a_login(
    client: FlaskClient, kind: ProblemKind
) -> None:
    answer = client.get(kind.type)
    assert answer.status_code == 200
    text = re.sub(r"</?code>", "`", answer.get_data(as_text=True))
    for words in (kind.title, kind.meaning, kind.remedy):
        assert str(escape(words)) in text
    assert f'href="{kind.type}"' in client.get("/problems/").get_data(as_text=True)


def test_no_other_kind_has_a_page(client: FlaskClient) -> None:
    assert client.get("/problems/none/").status_code == 404


def test_the_reference_has_every_kind_as_its_page_has_it() -> None:
    rows = re.findall(r"^\| `(/\S+)` \| (.+) \| (.+) \| (.+) \|$", DOCS.read_text(), re.M)
    assert rows == [
        (kind.type, " or ".join(map(str, kind.statuses)), kind.meaning, kind.remedy)
        for kind in KINDS
    ]


def test_a_title_belongs_to_one_kind_and_a_status_to_one_without_a_title_of_its_own() -> None:
    assert len({kind.title for kind in KINDS}) == len(KINDS)
    assert len({kind.type for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        assert kind_of(kind.statuses[0]).title == HTTPStatus(kind.statuses[0]).phrase


def test_what_refuses_one_too_many_says_so_by_its_kind() -> None:
    plain = re.compile(r"Problem\((?!\s*429)[^()]*(?:which is the most|has this name)")
    found = {file.name for file in API.rglob("*.py") if plain.search(file.read_text())}
    assert found == set()


def test_an_error_says_which_kind_it_is(anna: Person) -> None:
    task = {"command": "true"}
    anna.post("/tasks/", json=task, headers={"Idempotency-Key": "k"})
    anna.post("/teams/", json={"slug": "ops", "name": "Ops"})
    sent: list[tuple[str, str, dict[str, Any], str]] = [
        ("POST", "/teams/", {"json": {"slug": "ops", "name": "Ops"}}, "taken"),
        (
            "POST",
            "/tasks/",
            {"json": {"command": "false"}, "headers": {"Idempotency-Key": "k"}},
            "idempotency-key-reused",
        ),
        ("POST", "/tasks/", {"json": {}}, "invalid"),
        ("GET", "/tasks/01997d52-0000-7000-8000-000000000007/", {}, "not-found"),
        ("PATCH", "/tasks/", {}, "method-not-allowed"),
        ("POST", "/tasks/", {"data": b"{"}, "unsupported-media-type"),
        ("GET", "/tasks/", {"headers": {"Authorization": "Token none"}}, "not-logged-in"),
    ]
    for method, path, more, name in sent:
        assert anna.call(method, path, **more).get_json()["type"] == f"/problems/{name}/"
