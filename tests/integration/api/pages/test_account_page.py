"""The account page: address, password, sessions and tokens, by forms without scripts."""

import re

from tests.integration.api.conftest import PASSWORD, Person
from tests.integration.api.pages.visitor import Visitor

PAGE = "/account/"
NEW = "violet tram under seven roofs"


def token_in(html: str) -> str:
    """The new token that a page shows."""
    found = re.search(r'id="new-token"[^>]* value="(pct_[^"]+)"', html)
    assert found, html
    return found[1]


def opens(person: Person, token: str) -> bool:
    """Whether a token opens the API."""
    return (
        Person(person.client, person.username, token, person.id).get("/tasks/").status_code == 200
    )


def test_the_account_page_is_a_link_on_each_page(ann: Visitor) -> None:
    assert f'<a href="{PAGE}"' in ann.get("/dashboard/").text
    html = ann.get(PAGE).text
    assert ann.person.username in html
    assert "this one" in html
    assert ann.get(PAGE).headers["Cache-Control"] == "no-store"


def test_the_address_is_changed_by_a_form(ann: Visitor, bob: Visitor) -> None:
    wrong = ann.post(PAGE, email="new@example.org", current_password="wrong one")
    assert wrong.status_code == 422
    assert wrong.text.count("This is not your current password.") == 1
    assert 'value="new@example.org"' in wrong.text
    assert ann.person.get("/account/").get_json()["email"] != "new@example.org"
    known = {"current_password": PASSWORD}
    assert ann.post(PAGE, email="new@example.org", **known).headers["Location"] == PAGE
    assert 'value="new@example.org"' in ann.get(PAGE).text
    taken = ann.post(PAGE, email=f"{bob.person.username}@example.com", **known)
    assert taken.status_code == 409
    assert "already taken" in taken.text
    assert PASSWORD not in taken.text
    wrong = ann.post(PAGE, email="<b>", **known)
    assert wrong.status_code == 422
    assert 'value="&lt;b&gt;"' in wrong.text
    assert ann.person.get("/account/").get_json()["email"] == "new@example.org"


def test_a_new_password_by_a_form_ends_other_logins_but_not_this_one(ann: Visitor) -> None:
    path = f"{PAGE}password/"
    wrong = ann.post(path, of=PAGE, current="wrong one", new=NEW)
    assert wrong.status_code == 422
    assert "This is not your current password." in wrong.text
    assert NEW not in wrong.text
    weak = ann.post(path, of=PAGE, current=PASSWORD, new="Password1")
    assert "such are guessed first" in weak.text
    assert ann.person.get("/tasks/").status_code == 200
    assert ann.post(path, of=PAGE, current=PASSWORD, new=NEW).headers["Location"] == PAGE
    assert "The password is changed." in ann.get(PAGE).text
    assert ann.person.get("/tasks/").status_code == 401


def test_guessing_the_current_password_by_a_form_is_slowed_down(ann: Visitor) -> None:
    path = f"{PAGE}password/"
    for _ in range(10):
        assert ann.post(path, of=PAGE, current="wrong one", new=NEW).status_code == 422
    refused = ann.post(path, of=PAGE, current=PASSWORD, new=NEW)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "Too many wrong passwords" in refused.text


def test_sessions_are_ended_one_by_one_or_all_others(ann: Visitor) -> None:
    html = ann.get(PAGE).text
    assert html.count("/account/sessions/") == 3  # of the page, of the API, and all others
    [of_api] = [one for one in ann.person.items("/account/sessions/") if one["kind"] == "api"]
    answer = ann.post(f"{PAGE}sessions/{of_api['id']}/end/", of=PAGE)
    assert answer.headers["Location"] == PAGE
    assert ann.person.get("/tasks/").status_code == 401
    assert ann.post(f"{PAGE}sessions/end/", of=PAGE).headers["Location"] == PAGE
    [own] = re.findall(r"/account/sessions/([0-9a-f-]{36})/end/", ann.get(PAGE).text)
    out = ann.post(f"{PAGE}sessions/{own}/end/", of=PAGE)
    assert out.headers["Location"] == "/login/"
    assert ann.get(PAGE).status_code == 302


def test_a_strangers_session_is_not_there(ann: Visitor, bob: Visitor) -> None:
    own = bob.person.items("/account/sessions/")[0]["id"]
    assert ann.post(f"{PAGE}sessions/{own}/end/", of=PAGE).status_code == 404
    assert bob.person.get("/tasks/").status_code == 200


def test_sessions_of_many_logins_are_paged(ann: Visitor) -> None:
    who = {"username": ann.person.username, "password": PASSWORD}
    for _ in range(22):
        ann.person.client.post("/api/login/", json=who)
    html = ann.get(PAGE).text
    assert len(set(re.findall(r'id="session-([^"]+)"', html))) == 20
    older = re.search(r'href="(/account/\?sessions=[^"]+)">Older', html)
    assert older
    assert len(set(re.findall(r'id="session-([^"]+)"', ann.get(older[1]).text))) == 4


def test_a_new_token_is_shown_once_and_ended_on_the_page(ann: Visitor) -> None:
    made = ann.post(
        f"{PAGE}tokens/", of=PAGE, token_name="<laptop>", token_role="viewer", token_days="30"
    )
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    token = token_in(made.text)
    assert opens(ann.person, token)
    html = ann.get(PAGE).text
    assert token not in html
    assert "&lt;laptop&gt;" in html
    assert f"by <bdi>{ann.person.username}</bdi>" in html.partition('aria-labelledby="tokens"')[2]
    [listed] = ann.person.items("/tokens/")
    assert (listed["role"], listed["team"], listed["expires_at"] is None) == ("viewer", None, False)
    ended = ann.post(f"/token/{listed['id']}/end/", of=PAGE)
    assert ended.headers["Location"] == PAGE
    assert not opens(ann.person, token)


def test_a_faulty_token_form_says_what_is_wrong_at_its_field(ann: Visitor) -> None:
    for fields, name in [
        ({"token_name": ""}, "token_name"),
        ({"token_name": "x", "token_role": "king"}, "token_role"),
        ({"token_name": "x", "token_days": "forever"}, "token_days"),
    ]:
        answer = ann.post(f"{PAGE}tokens/", of=PAGE, **fields)
        assert answer.status_code == 422
        assert f'id="{name}-wrong"' in answer.text
    assert ann.person.items("/tokens/") == []


def test_owners_make_and_end_a_teams_tokens_on_its_page(ann: Visitor, bob: Visitor) -> None:
    ann.person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    member = {"username": bob.person.username, "role": "editor"}
    ann.person.post("/teams/ops/members/", json=member)
    page = "/team/ops/"
    made = ann.post(f"{page}tokens/", of=page, token_name="deploy", token_role="", token_days="")
    token = token_in(made.text)
    assert opens(ann.person, token)
    [listed] = ann.person.items("/tokens/?team=ops")
    assert (listed["role"], listed["expires_at"]) == ("editor", None)
    assert "deploy" not in bob.get(page).text
    assert bob.post(f"{page}tokens/", of=page, token_name="x").status_code == 403
    assert bob.post(f"/token/{listed['id']}/end/", of=page).status_code == 403
    wrong = ann.post(f"{page}tokens/", of=page, token_name="")
    assert 'id="token_name-wrong"' in wrong.text
    assert ann.post(f"/token/{listed['id']}/end/", of=page).headers["Location"] == page
    assert not opens(ann.person, token)
