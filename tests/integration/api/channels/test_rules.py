"""Rules over the API: which events go to which channel."""

import uuid
from typing import Any

import pytest

from tests.integration.api.channels.conftest import mailbox, rule, webhook
from tests.integration.api.conftest import Person


def test_a_rule_is_answered_as_it_was_sent(anna: Person) -> None:
    hook, mail, task = webhook(anna), mailbox(anna), anna.task(name="backup")
    made = rule(
        anna,
        hook["id"],
        on=["recovered", "failed", "failed"],
        tags=["db", "db"],
        tasks=[task["id"]],
        when="every",
        escalation={"channel": mail["id"], "after_runs": 3, "after_seconds": 3600},
    )
    assert made["on"] == ["failed", "recovered"]
    assert made["tags"] == ["db"]
    assert made["tasks"] == [task["id"]]
    assert made["when"] == "every"
    assert made["channel_name"] == "hook"
    assert made["escalation"] == {
        "channel": mail["id"],
        "after_runs": 3,
        "after_seconds": 3600,
    }
    assert anna.items("/alerts/") == [made]
    assert anna.get(f"/alerts/{made['id']}/").get_json() == made


def test_on_change_is_the_default(anna: Person) -> None:
    made = rule(anna, webhook(anna)["id"])
    assert (made["when"], made["tags"], made["tasks"]) == ("change", None, None)


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"channel": str(uuid.UUID(int=1))}, "/channel"),
        ({"channel": "hook"}, "/channel"),
        ({"on": []}, "/on"),
        ({"on": ["exploded"]}, "/on/0"),
        ({"on": ["failed", "database_full"]}, "/on/1"),
        ({"tags": []}, "/tags"),
        ({"tasks": [str(uuid.UUID(int=1))]}, "/tasks/0"),
        ({"when": "never"}, "/when"),
        (
            {"escalation": {"channel": str(uuid.UUID(int=1)), "after_runs": 3}},
            "/escalation/channel",
        ),
        ({"team": "nowhere"}, "/team"),
        ({"onn": ["failed"]}, "/onn"),
    ],
)
def test_a_mistake_is_named(anna: Person, sent: dict[str, Any], pointer: str) -> None:
    document = {"channel": webhook(anna)["id"], "on": ["failed"], **sent}
    answer = anna.post("/alerts/", json=document)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer


def test_an_escalation_says_after_how_long(anna: Person) -> None:
    hook = webhook(anna)["id"]
    sent = {"channel": hook, "on": ["failed"], "escalation": {"channel": hook}}
    answer = anna.post("/alerts/", json=sent)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/escalation/after_runs"


def test_a_channel_or_a_task_of_another_team_is_unknown(anna: Person, ops: str) -> None:
    own = webhook(anna)["id"]
    theirs = webhook(anna, team=ops)["id"]
    for sent in (
        {"channel": own, "team": ops},
        {"channel": theirs},
        {"channel": theirs, "team": ops, "tasks": [anna.task()["id"]]},
    ):
        assert anna.post("/alerts/", json={"on": ["failed"], **sent}).status_code == 422


def test_a_patch_changes_what_it_names(anna: Person) -> None:
    hook = webhook(anna)["id"]
    made = rule(anna, hook, tags=["db"], escalation={"channel": hook, "after_runs": 2})
    path = f"/alerts/{made['id']}/"
    changed = anna.call("PATCH", path, json={"on": ["lost"], "escalation": None, "tags": None})
    assert changed.status_code == 200
    assert changed.get_json()["on"] == ["lost"]
    assert changed.get_json()["tags"] is None
    assert changed.get_json()["escalation"] is None
    assert changed.get_json()["when"] == "change"
    assert anna.call("DELETE", path).status_code == 204
    assert anna.get(path).status_code == 404
    actions = [one["action"] for one in anna.items(f"/audit/?object={made['id']}")]
    assert actions == ["rule.delete", "rule.update", "rule.create"]


def test_editors_make_rules_viewers_see_them_and_strangers_see_none(
    anna: Person, ben: Person, ops: str
) -> None:
    hook = webhook(anna, team=ops)["id"]
    made = rule(ben, hook, team=ops)
    path = f"/alerts/{made['id']}/"
    anna.call("PATCH", "/teams/ops/members/ben/", json={"role": "viewer"})
    assert [one["id"] for one in ben.items("/alerts/")] == [made["id"]]
    assert ben.get(path).status_code == 200
    assert ben.call("PATCH", path, json={"enabled": False}).status_code == 403
    sent = {"channel": hook, "on": ["failed"], "team": ops}
    assert ben.post("/alerts/", json=sent).status_code == 403
    anna.call("DELETE", "/teams/ops/members/ben/")
    assert ben.get(path).status_code == 404


def test_events_of_operators_are_for_rules_of_the_installation(admin: Person, anna: Person) -> None:
    pager = webhook(admin, "pager", installation=True)["id"]
    made = rule(admin, pager, on=["database_full"], installation=True)
    assert made["team"] is None
    assert [one["id"] for one in admin.items("/alerts/?installation=true")] == [made["id"]]
    sent = {"channel": pager, "on": ["database_full"], "installation": True}
    assert anna.post("/alerts/", json=sent).status_code == 403
    tagged = admin.post("/alerts/", json={**sent, "tags": ["x"]})
    assert tagged.get_json()["errors"][0]["pointer"] == "/tags"
    assert anna.get(f"/alerts/{made['id']}/").status_code == 404
