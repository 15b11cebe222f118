"""Secrets over the API: a value goes in, is sealed, and never comes out."""

import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, text

from punctual.ops.sealing import OpeningKeys
from punctual_api.app import create_app
from punctual_api.http.database import release_database
from tests.integration.api.conftest import SECRETS_PRIVATE_KEY, Person, run_sql, settings_for
from tests.integration.api.secrets.conftest import create

VALUE = "gx7-Kq0_very-secret"


def opened(engine: Engine, name: str = "pg") -> str:
    """The value in the database, as a worker opens it."""
    statement = text("SELECT team_id, sealed, key FROM secrets WHERE name = :name")
    with engine.connect() as connection:
        row = connection.execute(statement, {"name": name}).one()
    keys = OpeningKeys(SECRETS_PRIVATE_KEY)
    return keys.open(bytes(row.sealed), key=row.key, team_id=row.team_id, name=name)


def in_database(engine: Engine, value: str) -> list[str]:
    """The tables with a row in which this text stands."""
    with engine.connect() as connection:
        tables = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).scalars()
        found = []
        for table in list(tables):
            like = text(
                f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%' || :value || '%'"
            )
            if connection.execute(like, {"value": value}).scalar_one():
                found.append(table)
        return found


def test_a_secret_is_answered_without_its_value_and_sealed_for_workers(
    anna: Person, engine: Engine
) -> None:
    made = create(anna, value=VALUE)
    assert made["team"] == "anna"
    assert made["updated_by"] == "anna"
    assert made["used_by"] == []
    listed = anna.get("/secrets/")
    assert listed.get_json() == {"items": [made]}
    assert VALUE not in listed.text
    assert opened(engine) == VALUE
    assert in_database(engine, VALUE) == []


def test_a_replaced_value_is_the_one_that_is_opened(anna: Person, engine: Engine) -> None:
    made = create(anna, value=VALUE)
    answer = anna.call("PUT", "/secrets/pg/", json={"value": "other\nlines\n"})
    assert answer.status_code == 200
    assert answer.get_json()["updated_at"] > made["updated_at"]
    assert answer.get_json()["created_at"] == made["created_at"]
    assert opened(engine) == "other\nlines\n"
    assert anna.call("PUT", "/secrets/nothing/", json={"value": "x"}).status_code == 404
    assert anna.call("PUT", "/secrets/a%00b/", json={"value": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"name": "a b"}, "/name"),
        ({"name": "a\n"}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"value": ""}, "/value"),
        ({"value": VALUE + "\0"}, "/value"),
        ({"value": {"text": VALUE}}, "/value"),
        ({"value": [VALUE]}, "/value"),
        ({"value": VALUE + "x" * 65536}, "/value"),
        ({"value": VALUE + "é" * 32768}, "/value"),
        ({"values": VALUE}, "/values"),
        ({"team": "nowhere"}, "/team"),
    ],
)
def test_a_mistake_is_named_and_no_answer_repeats_the_value(
    anna: Person, sent: dict[str, Any], pointer: str
) -> None:
    answer = anna.post("/secrets/", json={"name": "pg", "value": VALUE, **sent})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer
    assert VALUE not in answer.text


def test_the_longest_value_is_taken(anna: Person, engine: Engine) -> None:
    value = "é" * 32768
    create(anna, value=value)
    assert opened(engine) == value


def test_a_name_is_taken_once_in_each_team(anna: Person, ben: Person) -> None:
    create(anna)
    answer = anna.post("/secrets/", json={"name": "pg", "value": VALUE})
    assert answer.status_code == 409
    assert "by PUT" in answer.get_json()["detail"]
    create(ben)
    create(anna, name="PG")


def test_owners_manage_secrets_and_editors_see_their_names(
    anna: Person, ben: Person, ops: str
) -> None:
    create(anna, team=ops)
    assert [one["name"] for one in ben.items("/secrets/")] == ["pg"]
    assert [one["team"] for one in ben.items("/secrets/?team=ops")] == ["ops"]
    for method, path, body in (
        ("POST", "/secrets/", {"name": "x", "value": VALUE, "team": ops}),
        ("PUT", "/secrets/pg/?team=ops", {"value": VALUE}),
        ("DELETE", "/secrets/pg/?team=ops", None),
    ):
        answer = ben.call(method, path, json=body) if body else ben.call(method, path)
        assert answer.status_code == 403, path
        assert "needs the role owner" in answer.get_json()["detail"]
    change = {"role": "operator"}
    assert anna.call("PATCH", "/teams/ops/members/ben/", json=change).status_code == 200
    assert ben.items("/secrets/") == []
    assert ben.get("/secrets/?team=ops").status_code == 403


def test_a_stranger_sees_and_changes_no_secret(anna: Person, ben: Person) -> None:
    create(anna)
    assert ben.items("/secrets/") == []
    assert ben.get("/secrets/?team=anna").status_code == 422
    assert ben.call("PUT", "/secrets/pg/", json={"value": "x"}).status_code == 404
    assert ben.call("PUT", "/secrets/pg/?team=anna", json={"value": "x"}).status_code == 422
    assert ben.call("DELETE", "/secrets/pg/").status_code == 404


def test_changes_are_recorded_without_values(anna: Person) -> None:
    create(anna, value=VALUE)
    anna.call("PUT", "/secrets/pg/", json={"value": "second-" + VALUE})
    anna.call("DELETE", "/secrets/pg/")
    events = anna.get("/audit/")
    found = [
        (event["action"], event["object"]["name"])
        for event in events.get_json()["items"]
        if event["action"].startswith("secret.")
    ]
    assert found == [("secret.delete", "pg"), ("secret.update", "pg"), ("secret.create", "pg")]
    assert VALUE not in events.text


def test_without_a_key_secrets_are_refused_with_what_to_set(
    database_url: str, redis_url: str, namespace: str, anna: Person
) -> None:
    create(anna)
    settings = settings_for(database_url, redis_url, namespace)
    app = create_app(type(settings)(**{**_fields(settings), "secrets_public_key": ""}))
    try:
        person = Person(app.test_client(), anna.username, anna.token, anna.id)
        for method, path, body in (
            ("POST", "/secrets/", {"name": "x", "value": VALUE}),
            ("PUT", "/secrets/pg/", {"value": VALUE}),
        ):
            answer = person.call(method, path, json=body)
            assert answer.status_code == 503
            assert "PUNCTUAL_SECRETS_PUBLIC_KEY is not set" in answer.get_json()["detail"]
        assert [one["name"] for one in person.items("/secrets/")] == ["pg"]
        assert person.call("DELETE", "/secrets/pg/").status_code == 204
    finally:
        release_database(app)


def test_a_team_has_no_more_secrets_than_it_may(anna: Person, engine: Engine) -> None:
    run_sql(
        engine,
        "INSERT INTO secrets (id, team_id, name, sealed, key)"
        " SELECT gen_random_uuid(), :team, 's' || n, 'x', 'k' FROM generate_series(1, 200) AS n",
        team=anna.id,
    )
    answer = anna.post("/secrets/", json={"name": "pg", "value": VALUE})
    assert answer.status_code == 409
    assert "200 secrets" in answer.get_json()["detail"]


def test_a_deleted_team_takes_its_secrets_along(anna: Person, ops: str, engine: Engine) -> None:
    create(anna, team=ops)
    assert anna.call("DELETE", "/teams/ops/").status_code == 204
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM secrets")).scalar_one() == 0


def _fields(settings: Any) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in type(settings).__dataclass_fields__}


def test_a_program_with_an_owners_token_manages_secrets(anna: Person, ops: str) -> None:
    made = anna.post("/tokens/", json={"name": "ci", "role": "owner", "team": ops}).get_json()
    program = Person(anna.client, "ci", made["token"], uuid.UUID(made["id"]))
    create(program, team=ops)
    answer = program.call("PUT", "/secrets/pg/?team=ops", json={"value": VALUE})
    assert answer.status_code == 200, answer.json
