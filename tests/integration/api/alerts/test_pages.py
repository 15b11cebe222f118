"""The pages of channels, rules and deliveries, without scripts."""

import re
import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from tests.integration.api.conftest import Person, register, run_sql
from tests.integration.api.pages.visitor import Visitor

URL = "https://hooks.example.com/very-secret-path"


@pytest.fixture(autouse=True)
def admin(client: FlaskClient) -> Person:
    """The first user, an admin; those of the tests come after."""
    return register(client, "admin")


@pytest.fixture
def home(ann: Visitor) -> str:
    """The page of ann's own alerts."""
    return f"/team/{ann.person.username}/alerts/"


def channel_of(ann: Visitor, home: str, **fields: str) -> str:
    """A new channel by mail; its id."""
    sent = {"kind": "email", "name": "ops", "to": "ops@example.com", "enabled": "1", **fields}
    answer = ann.post(f"{home}channels/new/", **sent)
    assert answer.status_code == 302, re.findall(r'class="wrong"[^>]*>([^<]*)', answer.text)
    return str(ann.person.items("/channels/")[0]["id"])


def test_a_team_has_its_alerts_one_click_away(ann: Visitor, home: str) -> None:
    assert f'href="{home}"' in ann.get(f"/team/{ann.person.username}/").text
    shown = ann.get(home).text
    assert "No channel yet." in shown
    assert "No rule yet: nothing is sent." in shown


def test_a_channel_by_mail_is_created_changed_and_deleted(ann: Visitor, home: str) -> None:
    quiet = {"from": "22:00", "until": "07:00", "timezone": "Europe/Rome", "urgent": "lost"}
    addresses = "ops@example.com\r\nann@example.com"
    channel = channel_of(ann, home, to=addresses, **quiet)
    [stored] = ann.person.items("/channels/")
    assert stored["to"] == ["ops@example.com", "ann@example.com"]
    assert stored["quiet"] == {
        "from": "22:00",
        "to": "07:00",
        "timezone": "Europe/Rome",
        "urgent": ["lost"],
    }
    path = f"{home}channels/{channel}/"
    shown = ann.get(path).text
    assert 'value="22:00"' in shown
    assert re.search(r'value="lost" checked', shown)
    assert ann.post(path, name="nights", to="n@example.com").status_code == 302
    [changed] = ann.person.items("/channels/")
    assert (changed["name"], changed["to"], changed["quiet"], changed["enabled"]) == (
        "nights",
        ["n@example.com"],
        None,
        False,
    )
    assert ann.post(f"{path}delete/", of=path).status_code == 302
    assert ann.person.items("/channels/") == []


def test_the_secret_of_a_webhook_is_shown_once_and_its_url_never(ann: Visitor, home: str) -> None:
    sent = {"kind": "webhook", "name": "hook", "url": URL, "enabled": "1"}
    made = ann.post(f"{home}channels/new/", **sent)
    assert made.status_code == 200
    [secret] = re.findall(r"whsec_[A-Za-z0-9+/=]+", made.text)
    channel = ann.person.items("/channels/")[0]["id"]
    path = f"{home}channels/{channel}/"
    for shown in (made.text, ann.get(home).text, ann.get(path).text):
        assert "very-secret-path" not in shown
    for shown in (ann.get(home).text, ann.get(path).text):
        assert secret not in shown
    assert ann.post(path, name="hook", enabled="1").status_code == 302  # keeps its URL
    renewed = ann.post(path, name="hook", enabled="1", new_secret="1")
    assert re.findall(r"whsec_[A-Za-z0-9+/=]+", renewed.text) not in ([], [secret])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "email", "to": "nonsense"}, "to"),
        ({"kind": "email", "to": ""}, "to"),
        ({"kind": "webhook", "url": "ftp://example.com"}, "url"),
        ({"kind": "apprise", "url": "nonsense"}, "url"),
        ({"kind": "email", "to": "a@example.com", "name": ""}, "name"),
        ({"kind": "email", "to": "a@example.com", "from": "22:00"}, "until"),
        (
            {
                "kind": "email",
                "to": "a@example.com",
                "from": "22:00",
                "until": "07:00",
                "timezone": "Mars",
            },
            "timezone",
        ),
    ],
    ids=["address", "no address", "scheme", "apprise", "name", "no end", "zone"],
)
def test_mistakes_are_marked_at_their_fields(
    ann: Visitor, home: str, fields: dict[str, str], field: str
) -> None:
    answer = ann.post(f"{home}channels/new/", **{"name": "ops", **fields})
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert ann.person.items("/channels/") == []


def test_a_rule_is_created_edited_and_deleted(ann: Visitor, home: str) -> None:
    channel = channel_of(ann, home)
    other = channel_of(ann, home, name="boss", to="boss@example.com")
    task = ann.person.task(name="backup")["id"]
    new = f"{home}rules/new/"
    assert re.search(r'name="on" value="failed" checked', ann.get(new).text)
    sent = {
        "channel": channel,
        "tags": "db, nightly",
        "tasks": f"http://localhost/task/{task}/",
        "when": "every",
        "escalate_to": other,
        "after_minutes": "30",
        "enabled": "1",
    }
    events = ["failed", "recovered"]
    assert ann.post(new, on=events, **sent).status_code == 302
    [rule] = ann.person.items("/alerts/")
    assert (rule["on"], rule["tags"], rule["tasks"], rule["when"]) == (
        ["failed", "recovered"],
        ["db", "nightly"],
        [task],
        "every",
    )
    assert rule["escalation"] == {"channel": other, "after_runs": None, "after_seconds": 1800}
    path = f"{home}rules/{rule['id']}/"
    shown = ann.get(path).text
    assert "backup" in shown
    assert 'value="30"' in shown
    assert ann.post(path, channel=channel, on="lost", when="change").status_code == 302
    [changed] = ann.person.items("/alerts/")
    assert (changed["on"], changed["tags"], changed["escalation"], changed["enabled"]) == (
        ["lost"],
        None,
        None,
        False,
    )
    assert ann.post(f"{path}delete/", of=path).status_code == 302
    assert ann.person.items("/alerts/") == []


def test_a_rule_needs_events_and_its_own_tasks(ann: Visitor, home: str) -> None:
    channel = channel_of(ann, home)
    none = ann.post(f"{home}rules/new/", channel=channel)
    assert (none.status_code, 'id="on-wrong"' in none.text) == (422, True)
    tasks = str(uuid.uuid4())
    other = ann.post(f"{home}rules/new/", channel=channel, on="failed", tasks=tasks)
    assert (other.status_code, 'id="tasks-wrong"' in other.text) == (422, True)


def test_deliveries_show_answers_and_are_sent_again(
    ann: Visitor, home: str, engine: Engine
) -> None:
    channel = channel_of(ann, home)
    team = ann.person.get(f"/teams/{ann.person.username}/").get_json()["id"]
    delivery = uuid.uuid4()
    run_sql(
        engine,
        "INSERT INTO alert_deliveries (id, channel_id, team_id, state, due_at, ended_at)"
        " VALUES (:id, :channel, :team, 'failed', now(), now())",
        id=delivery,
        channel=channel,
        team=team,
    )
    run_sql(
        engine,
        "INSERT INTO alert_attempts (delivery_id, attempt, at, delivered, status, detail,"
        " latency_ms) VALUES (:id, 1, now(), false, 503, 'Service <b>', 12.4)",
        id=delivery,
    )
    path = f"{home}deliveries/"
    shown = ann.get(path).text
    assert "503 Service &lt;b&gt;" in shown
    assert "12 ms" in shown
    assert f"delivery-{delivery}" in ann.get(f"{path}?channel={channel}").text
    assert f"delivery-{delivery}" not in ann.get(f"{path}?channel={uuid.uuid4()}").text
    assert ann.post(f"{path}{delivery}/retry/", of=path).status_code == 302
    with engine.connect() as connection:
        state = connection.execute(text("SELECT state FROM alert_deliveries")).scalar_one()
    assert state == "waiting"


def test_the_installation_has_pages_for_admins_alone(ann: Visitor, engine: Engine) -> None:
    home = "/system/alerts/"
    assert ann.get(home).status_code == 403
    run_sql(
        engine,
        "UPDATE users SET is_admin = true WHERE username = :name",
        name=ann.person.username,
    )
    new = f"{home}channels/new/"
    sent = {"kind": "email", "name": "operators", "to": "op@example.com", "enabled": "1"}
    assert ann.post(new, **sent).status_code == 302
    [channel] = ann.person.items("/channels/?installation=true")
    assert (channel["name"], channel["team"]) == ("operators", None)
    assert ann.person.items("/channels/") == []
    rule = f"{home}rules/new/"
    assert 'value="failed"' not in ann.get(rule).text
    assert ann.post(rule, channel=channel["id"], on="database_full").status_code == 302
    assert "operators" in ann.get(home).text
    path = f"{home}channels/{channel['id']}/"
    assert ann.post(path, name="on call", to="op@example.com").status_code == 302
    assert ann.get(f"{home}deliveries/").status_code == 200
    assert ann.post(f"{path}delete/", of=path).status_code == 302
    assert ann.person.items("/alerts/?installation=true") == []


def test_others_do_not_see_the_alerts_of_a_team(ann: Visitor, bob: Visitor, home: str) -> None:
    channel = channel_of(ann, home)
    for path in (home, f"{home}channels/{channel}/", f"{home}deliveries/", f"{home}rules/new/"):
        assert bob.get(path).status_code == 404
    theirs = f"/team/{bob.person.username}/alerts/channels/{channel}/"
    assert bob.get(theirs).status_code == 404
