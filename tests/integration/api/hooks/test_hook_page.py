"""The page of a task's hooks: an address is shown once, and ends by a button."""

import re
from urllib.parse import urlsplit

from tests.integration.api.pages.visitor import Visitor


def test_a_hook_is_made_shown_once_and_ended(ann: Visitor) -> None:
    task = ann.person.task(name="nightly")["id"]
    page = f"/task/{task}/hooks/"
    assert f'href="{page}"' in ann.get(f"/task/{task}/").text
    made = ann.post(page, name="shop")
    assert made.status_code == 200
    shown = re.search(r'value="(http[^"]+/hooks/pch_[^"]+)"', made.text)
    assert shown
    again = ann.get(page).text
    assert "pch_" not in again
    assert "shop" in again
    path = urlsplit(shown[1]).path
    assert ann.person.client.post(path).status_code == 202
    end = re.search(rf'action="({page}[^"]+/end/)"', again)
    assert end
    assert ann.post(end[1], of=page).status_code == 302
    assert ann.person.client.post(path).status_code == 404
    assert "No hook yet" in ann.get(page).text


def test_a_name_that_is_wrong_is_shown_with_what_is_right(ann: Visitor) -> None:
    page = f"/task/{ann.person.task()['id']}/hooks/"
    refused = ann.post(page, name="")
    assert refused.status_code == 422
    assert "Please correct what is marked" in refused.text
    too_long = ann.post(page, name="x" * 101)
    assert (too_long.status_code, "x" * 101 in too_long.text) == (422, True)


def test_one_hook_more_than_there_may_be_is_refused_on_the_page(ann: Visitor) -> None:
    task = ann.person.task()["id"]
    for number in range(20):
        ann.person.post(f"/tasks/{task}/hooks/", json={"name": f"h{number}"})
    refused = ann.post(f"/task/{task}/hooks/", name="more")
    assert (refused.status_code, "20 hooks" in refused.text) == (422, True)
