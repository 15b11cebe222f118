"""Snoozing a task on its page, without scripts."""

import pytest

from tests.integration.api.pages.visitor import Visitor


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("hour", "No alerts of this task for 1 hour."),
        ("tomorrow", "No alerts of this task until tomorrow 09:00."),
        ("ok", "No alerts of this task until it is ok again."),
    ],
    ids=["hour", "tomorrow", "ok"],
)
def test_the_page_snoozes_and_ends_it(ann: Visitor, choice: str, sentence: str) -> None:
    task = ann.person.task()["id"]
    page = f"/task/{task}/"
    assert "Send alerts again" not in ann.get(page).text
    sent = ann.post(f"{page}snooze/", of=page, **{"for": choice})
    assert sent.status_code == 302
    shown = ann.get(page).text
    assert sentence in shown
    assert "Send alerts again" in shown
    snooze = ann.person.get(f"/tasks/{task}/").get_json()["snooze"]
    assert snooze["until_ok"] is (choice == "ok")
    ann.post(f"{page}snooze/", of=page, **{"for": ""})
    assert "Alerts of this task are sent again." in ann.get(page).text
    assert ann.person.get(f"/tasks/{task}/").get_json()["snooze"] is None


def test_an_unknown_choice_is_refused(ann: Visitor) -> None:
    page = f"/task/{ann.person.task()['id']}/"
    assert ann.post(f"{page}snooze/", of=page, **{"for": "ever"}).status_code == 422
