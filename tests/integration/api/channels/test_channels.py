"""Channels over the API: their URLs go in, are sealed, and never come out."""

import base64
import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, text

from punctual.domain.alerts.channels import Part, sealed_name
from punctual.ops.sealing import OpeningKeys
from punctual_api.app import create_app
from punctual_api.http.database import release_database
from tests.integration.api.channels.conftest import URL, mailbox, rule, webhook
from tests.integration.api.conftest import SECRETS_PRIVATE_KEY, Person, settings_for
from tests.integration.api.secrets.test_secrets import in_database


def opened(engine: Engine, channel_id: str, part: Part) -> str:
    """A sealed part of a channel, as a notifier opens it."""
    statement = text("SELECT * FROM alert_channels WHERE id = :id")
    with engine.connect() as connection:
        row = connection.execute(statement, {"id": channel_id}).one()
    keys = OpeningKeys(SECRETS_PRIVATE_KEY)
    return keys.open(
        bytes(getattr(row, part)),
        key=row.key,
        team_id=row.team_id or uuid.UUID(int=0),
        name=sealed_name(row.id, part),
    )


def test_a_webhook_has_its_secret_in_the_first_answer_alone_and_its_url_in_none(
    anna: Person, engine: Engine
) -> None:
    made = webhook(anna)
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert made["url"] == "https://hooks.example.com/…"
    assert anna.items("/channels/") == [made]
    assert anna.get(f"/channels/{made['id']}/").get_json() == made
    assert opened(engine, made["id"], Part.URL) == URL
    assert opened(engine, made["id"], Part.SECRET) == secret
    assert in_database(engine, "top-secret") == []
    assert in_database(engine, secret) == []


def test_a_channel_of_mail_has_addresses_and_no_secret(anna: Person) -> None:
    made = mailbox(anna, to=["a@example.com", "b@example.com", "a@example.com"])
    assert made["to"] == ["a@example.com", "b@example.com"]
    assert made["url"] is None
    assert made["secret"] is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#alerts", "slack://…"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord://…"),
        ("ntfys://ntfy.example.com/alerts", "ntfys://…"),
        ("jsons://hooks.example.com/path", "jsons://…"),
        (
            "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
            "https://hooks.slack.com/…",
        ),
    ],
    ids=["slack", "discord", "ntfy", "json", "as slack gives it"],
)
def test_apprise_reaches_other_services(anna: Person, url: str, shown: str) -> None:
    answer = anna.post("/channels/", json={"name": "chat", "kind": "apprise", "url": url})
    assert answer.status_code == 201, answer.json
    assert answer.get_json()["url"] == shown


@pytest.mark.parametrize(
    "url",
    [
        "syslog://",
        "dbus://",
        "gnome://",
        "windows://",
        "macosx://",
        "rsyslog://10.0.0.1",
        "mailto://user:pass@example.com",
        "file:///etc/passwd",
        "include://example.com/config",
        "http://example.com/config.yml",
        "https://example.com/",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template=/etc/passwd",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?Template=/etc/passwd",
        "ntfy://topic?attach=file:///etc/passwd",
        "fcm://project@key/DEVICE?keyfile=/etc/passwd",
        "slack://too-short",
        "slack",
        "ntfy://a b",
    ],
)
def test_services_that_read_files_or_open_sockets_are_refused(anna: Person, url: str) -> None:
    answer = anna.post("/channels/", json={"name": "chat", "kind": "apprise", "url": url})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/url"
    assert anna.items("/channels/") == []


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"kind": "pager"}, "/kind"),
        ({"url": None}, "/url"),
        ({"url": "ftp://example.com"}, "/url"),
        ({"url": "https://user:top-secret@example.com/"}, "/url"),
        ({"url": "https://example.com/" + "x" * 2000}, "/url"),
        ({"url": "https://exämple.com/top-secret"}, "/url"),
        ({"to": ["a@example.com"]}, "/to"),
        ({"kind": "email"}, "/to"),
        ({"kind": "email", "to": []}, "/to"),
        ({"kind": "email", "to": ["a@example.com", "b"]}, "/to/1"),
        ({"kind": "email", "to": ["a@example.com\nBcc: b@example.com"]}, "/to/0"),
        ({"quiet": {"from": "22:00"}}, "/quiet/to"),
        ({"quiet": {"from": "22", "to": "7", "timezone": "UTC"}}, "/quiet/from"),
        ({"quiet": {"from": "22:00", "to": "07:00", "timezone": "CET!"}}, "/quiet/timezone"),
        ({"quiet": {"from": "22:00", "to": "22:00", "timezone": "UTC"}}, "/quiet/to"),
        (
            {"quiet": {"from": "22:00", "to": "7:00", "timezone": "UTC", "urgent": ["x"]}},
            "/quiet/to",
        ),
        ({"urls": "x"}, "/urls"),
        ({"team": "nowhere"}, "/team"),
    ],
)
def test_a_mistake_is_named_and_no_answer_repeats_the_url(
    anna: Person, sent: dict[str, Any], pointer: str
) -> None:
    document = {"name": "hook", "kind": "webhook", "url": URL, **sent}
    answer = anna.post("/channels/", json=document)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer
    assert "top-secret" not in answer.text


def test_quiet_hours_are_answered_as_they_were_sent(anna: Person) -> None:
    quiet = {"from": "22:00", "to": "07:00", "timezone": "Europe/Rome", "urgent": ["lost"]}
    made = webhook(anna, quiet=quiet)
    assert made["quiet"] == quiet
    path = f"/channels/{made['id']}/"
    assert anna.call("PATCH", path, json={"quiet": None}).get_json()["quiet"] is None


def test_a_changed_url_and_a_new_secret_are_sealed(anna: Person, engine: Engine) -> None:
    made = webhook(anna)
    path = f"/channels/{made['id']}/"
    answer = anna.call("PATCH", path, json={"url": "http://other.example.com:8080/x"})
    assert answer.status_code == 200
    assert answer.get_json()["url"] == "http://other.example.com:8080/…"
    assert answer.get_json()["secret"] is None
    assert opened(engine, made["id"], Part.URL) == "http://other.example.com:8080/x"
    assert opened(engine, made["id"], Part.SECRET) == made["secret"]
    fresh = anna.call("PATCH", path, json={"new_secret": True}).get_json()["secret"]
    assert fresh != made["secret"]
    assert opened(engine, made["id"], Part.SECRET) == fresh


def test_a_name_is_taken_once_in_each_team(anna: Person, ben: Person) -> None:
    webhook(anna)
    other = webhook(anna, "other")
    again = anna.post("/channels/", json={"name": "hook", "kind": "webhook", "url": URL})
    assert again.status_code == 409
    assert again.get_json()["type"] == "/problems/taken/"
    path = f"/channels/{other['id']}/"
    assert anna.call("PATCH", path, json={"name": "hook"}).status_code == 409
    webhook(ben)


def test_owners_change_channels_editors_see_them_and_strangers_see_none(
    anna: Person, ben: Person, ops: str
) -> None:
    made = webhook(anna, team=ops)
    path = f"/channels/{made['id']}/"
    assert [one["name"] for one in ben.items("/channels/")] == ["hook"]
    for method, where, body in (
        ("POST", "/channels/", {"name": "x", "kind": "webhook", "url": URL, "team": ops}),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
        ("POST", f"{path}test/", None),
    ):
        assert ben.call(method, where, json=body).status_code == 403
    for role in ("operator", "viewer"):
        anna.call("PATCH", "/teams/ops/members/ben/", json={"role": role})
        assert ben.items("/channels/") == []
        assert ben.get(path).status_code == 403
    anna.call("DELETE", "/teams/ops/members/ben/")
    assert ben.get(path).status_code == 404
    assert ben.call("DELETE", path).status_code == 404


def test_channels_of_the_installation_are_for_admins(admin: Person, anna: Person) -> None:
    sent = {"name": "pager", "kind": "webhook", "url": URL, "installation": True}
    assert anna.post("/channels/", json=sent).status_code == 403
    made = webhook(admin, "pager", installation=True)
    assert made["team"] is None
    assert [one["name"] for one in admin.items("/channels/?installation=true")] == ["pager"]
    assert admin.items("/channels/") == []
    assert anna.get("/channels/?installation=true").status_code == 403
    assert anna.get(f"/channels/{made['id']}/").status_code == 404
    assert admin.call("PATCH", f"/channels/{made['id']}/", json={"name": "x"}).status_code == 200


def test_a_channel_goes_with_its_rules(anna: Person) -> None:
    made, other = webhook(anna), mailbox(anna)
    rule(anna, made["id"])
    left = rule(anna, other["id"], escalation={"channel": made["id"], "after_runs": 3})
    assert anna.call("DELETE", f"/channels/{made['id']}/").status_code == 204
    assert [one["id"] for one in anna.items("/alerts/")] == [left["id"]]
    assert anna.items("/alerts/")[0]["escalation"] is None


def test_changes_are_recorded_without_the_url(anna: Person) -> None:
    made = webhook(anna)
    path = f"/channels/{made['id']}/"
    anna.call("PATCH", path, json={"name": "other", "url": URL + "&new=1"})
    anna.call("DELETE", path)
    events = anna.items("/audit/?object=" + made["id"])
    assert [one["action"] for one in events] == [
        "channel.delete",
        "channel.update",
        "channel.create",
    ]
    assert "top-secret" not in anna.get("/audit/").text


def test_a_channel_goes_with_its_team_on_record(anna: Person, ops: str) -> None:
    made = webhook(anna, team=ops)
    rule(anna, made["id"], team=ops)
    assert anna.call("DELETE", "/teams/ops/").status_code == 204
    assert anna.items("/channels/") == []


def test_without_a_key_only_mail_can_be_saved(
    anna: Person, database_url: str, redis_url: str, namespace: str
) -> None:
    from dataclasses import replace

    settings = replace(settings_for(database_url, redis_url, namespace), secrets_public_key="")
    app = create_app(settings)
    try:
        keyless = Person(app.test_client(), anna.username, anna.token, anna.id)
        mailbox(keyless)
        answer = keyless.post("/channels/", json={"name": "x", "kind": "webhook", "url": URL})
        assert answer.status_code == 503
        assert "PUNCTUAL_SECRETS_PUBLIC_KEY" in answer.get_json()["detail"]
    finally:
        release_database(app)
