"""HEAD answers as GET does, and never sends a form: it carries no token against forgery."""

import re

from tests.integration.api.pages.visitor import Visitor

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def test_head_of_a_form_changes_nothing(ann: Visitor) -> None:
    task = ann.person.task()["id"]
    calendar = ann.person.post("/calendars/", json={"name": "days"}).get_json()["id"]
    known = {"task_id": task, "calendar_id": calendar}
    forms = [
        PARAMETER.sub(lambda name: known[name[1]], rule.rule)
        for rule in ann.browser.application.url_map.iter_rules()
        if rule.endpoint.startswith("pages.")
        and {"HEAD", "POST"} <= (rule.methods or set())
        and rule.arguments <= set(known)
    ]
    assert {"/task/create/", f"/task/{task}/delete/", f"/task/{task}/update/"} <= set(forms)
    sent = {"command": "date", "kind": "hand", "version": "1", "name": "other"}
    for path in forms:
        assert ann.browser.head(path, data=sent).status_code == ann.get(path).status_code
    assert [one["version"] for one in ann.person.items("/tasks/")] == [1]
    assert [one["name"] for one in ann.person.items("/calendars/")] == ["days"]
