"""Registration, login and what keeps forms from strangers, by HTTP."""

import uuid

import httpx
import pytest

from tests.e2e.visitor import FORM, Visitor, value_of, wrong
from tests.support.product import PASSWORD, Product


def test_a_stranger_is_sent_to_log_in_and_comes_back_to_where_they_wanted_to_go(
    visitor: Visitor, ann: Visitor, product: Product
) -> None:
    task = ann.creates()
    stranger = Visitor(product)
    answer = stranger.http.get(task)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/login/?next={task}")
    who = {"username": ann.name, "password": PASSWORD}
    assert stranger.post(f"/login/?next={task}", **who).headers["Location"] == task
    stranger.http.close()


def test_a_poll_whose_session_has_ended_moves_the_whole_page_to_the_login(
    visitor: Visitor,
) -> None:
    answer = visitor.http.get("/dashboard/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/login/?next=/dashboard/"
    assert answer.text == ""


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "javascript:alert(1)",
        "evil.example",
    ],
)
def test_a_login_never_redirects_to_another_site(ann: Visitor, target: str) -> None:
    ann.post("/logout/", of="/dashboard/")
    page = f"/login/?{httpx.QueryParams(next=target)}"
    answer = ann.post(page, username=ann.name, password=PASSWORD)
    assert answer.headers["Location"] == "/dashboard/"


def test_a_form_without_its_token_changes_nothing(ann: Visitor) -> None:
    task = ann.creates(name="kept")
    for path in (
        "/task/create/",
        f"{task}update/",
        f"{task}delete/",
        f"{task}run/",
        f"{task}pause/",
        "/logout/",
    ):
        answer = ann.http.post(path, data={**FORM, "name": "forged", "version": "1"})
        assert answer.status_code == 400, path
        assert "out of date" in answer.text
    page = ann.http.get("/dashboard/").text
    assert "kept" in page
    assert "forged" not in page
    assert "paused</span>" not in page


def test_login_and_registration_forms_need_their_token_too(ann: Visitor) -> None:
    ann.http.cookies.clear()
    who = {"username": ann.name, "password": PASSWORD}
    assert ann.http.post("/login/", data=who).status_code == 400
    assert ann.http.post("/register/", data={**who, "email": "a@example.com"}).status_code == 400


def test_register_and_login_take_json_and_answer_as_the_api_does(product: Product) -> None:
    name = f"eve-{uuid.uuid4().hex[:8]}"
    who = {"username": name, "password": PASSWORD}
    with product.visitor() as client:
        made = client.post("/register/", json={**who, "email": f"{name}@example.com"})
        assert (made.status_code, made.json()["username"]) == (201, name)
        again = client.post("/register/", json={**who, "email": f"{name}@example.com"})
        assert (again.status_code, again.headers["Content-Type"]) == (
            409,
            "application/problem+json",
        )
        login = client.post("/login/", json=who)
        assert login.status_code == 200
        assert not client.cookies
        token = {"Authorization": f"Token {login.json()['token']}"}
        assert client.get("/api/tasks/", headers=token).status_code == 200
        assert client.post("/login/", json={**who, "password": "wrong"}).status_code == 401
        assert client.post("/login/", json={"username": name}).status_code == 422


def test_a_wrong_password_is_refused_and_the_name_is_kept(ann: Visitor) -> None:
    ann.post("/logout/", of="/dashboard/")
    answer = ann.post("/login/", username=ann.name, password="not the password")
    assert answer.status_code == 401
    assert value_of(answer, "username") == ann.name
    assert value_of(answer, "password") == ""
    assert ann.http.get("/dashboard/").status_code == 302


def test_a_registration_says_what_is_wrong_at_each_field(visitor: Visitor) -> None:
    answer = visitor.post("/register/", username="a b", email="nowhere", password="short")
    assert answer.status_code == 422
    assert "3 to 64" in wrong(answer, "username")
    assert "e-mail" in wrong(answer, "email")
    assert wrong(answer, "password")
    visitor.registers()
    visitor.post("/logout/", of="/dashboard/")
    again = visitor.post(
        "/register/", username=visitor.name.upper(), email="b@example.com", password=PASSWORD
    )
    assert again.status_code == 409
    assert "already" in wrong(again, "username")
