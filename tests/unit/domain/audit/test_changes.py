"""Before and after: what changed, without secrets, and not too long."""

import pytest

from punctual.domain.audit.changes import MASK, MOST_CHARACTERS, MOST_FIELDS, differences


def test_only_what_differs_is_shown() -> None:
    before, after = {"name": "a", "priority": 5}, {"name": "b", "priority": 5, "tags": ["x"]}
    assert differences(before, after) == {"name": ["a", "b"], "tags": [None, ["x"]]}


def test_an_object_is_shown_field_by_field() -> None:
    before, after = {"schedule": {"at": "t"}}, {"schedule": {"every": 60.0}}
    assert differences(before, after) == {
        "schedule.at": ["t", None],
        "schedule.every": [None, 60.0],
    }


@pytest.mark.parametrize(
    "name",
    ["PGPASSWORD", "API_KEY", "apiKey", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "key", "DB_PASS"],
)
def test_a_value_by_the_name_of_a_secret_is_masked(name: str) -> None:
    assert differences({"env": {name: "old"}}, {"env": {name: "new", "PATH": "/bin"}}) == {
        f"env.{name}": [MASK, MASK],
        "env.PATH": [None, "/bin"],
    }


def test_secrets_within_headers_addresses_and_parameters_are_masked() -> None:
    http = {
        "url": "https://ann:hush@example.com/?api_token=hush&page=2",
        "headers": {"Authorization": "Bearer hush", "Accept": "text/plain"},
    }
    params = [{"name": "password", "default": "hush"}, {"name": "day", "default": "monday"}]
    shown = differences({}, {"http": http, "params": params})
    assert "hush" not in str(shown)
    assert shown["http.url"][1] == f"https://ann:{MASK}@example.com/?api_token={MASK}&page=2"
    assert shown["http.headers"][1]["Accept"] == "text/plain"
    assert shown["params"][1][1] == {"name": "day", "default": "monday"}


def test_a_long_value_is_cut_and_says_so() -> None:
    shown = differences({}, {"command": "x" * 32_768, "tags": ["y" * 50] * 100})
    assert shown["command"][1] == "x" * MOST_CHARACTERS + "… (32,768 characters)"
    assert len(shown["tags"][1]) < MOST_CHARACTERS + 50


def test_of_very_many_fields_the_rest_is_counted() -> None:
    shown = differences({}, {"env": {f"V{n}": "x" for n in range(MOST_FIELDS + 7)}})
    assert len(shown) == MOST_FIELDS + 1
    assert shown["…"] == [None, "7 more"]


def test_a_reference_to_a_secret_is_shown_as_it_names_a_secret_and_is_none() -> None:
    before = {"env": {"PGPASSWORD": "hush"}}
    after = {"env": {"PGPASSWORD": {"secret": "pg"}}, "http": {"headers": {"A": {"secret": "x"}}}}
    assert differences(before, after) == {
        "env.PGPASSWORD": [MASK, {"secret": "pg"}],
        "http.headers": [None, {"A": {"secret": "x"}}],
    }
    other = {"env": {"PGPASSWORD": {"secret": "pg", "value": "hush"}}}
    assert differences({}, other) == {"env.PGPASSWORD": [None, MASK]}
