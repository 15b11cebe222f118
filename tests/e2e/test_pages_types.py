"""What a task runs, chosen on its form and shown on the pages."""

from tests.e2e.visitor import Visitor

BODY = "#!/bin/sh\necho '<b>'\n"


def test_a_script_is_written_into_the_form_and_comes_back(ann: Visitor) -> None:
    fields = {"type": "script", "interpreter": "sh", "body": BODY.replace("\n", "\r\n")}
    page = ann.creates(**fields)
    shown = ann.http.get(page).text
    assert "echo &#39;&lt;b&gt;&#39;" in shown
    assert "<h1><bdi>echo &#39;&lt;b&gt;&#39;</bdi></h1>" in shown
    form = ann.http.get(f"{page}update/").text
    assert 'value="script" checked' in form
    assert "\r" not in form
    run = ann.post(f"{page}run/", of=page).headers["Location"]
    assert "Script of this run" in ann.http.get(run).text
    assert "echo &#39;&lt;b&gt;&#39;" in ann.http.get("/dashboard/").text


def test_what_is_wrong_with_a_script_is_marked_at_its_field(ann: Visitor) -> None:
    fields = {"type": "script", "interpreter": "sh -x", "body": ""}
    answer = ann.post("/task/create/", kind="hand", **fields)
    assert answer.status_code == 422
    assert "An interpreter is a name such as python3." in answer.text
    assert "A script must not be empty." in answer.text
    assert 'value="sh -x"' in answer.text


def test_a_request_is_filled_in_and_comes_back(ann: Visitor) -> None:
    fields = {"type": "http", "method": "PUT", "url": "https://example.com/x", "expect": "200, 204"}
    fields |= {"headers": "X-Key: a: b\r\nAccept: */*", "http_body": "{}"}
    page = ann.creates(**fields)
    assert "PUT https://example.com/x\nX-Key: a: b\nAccept: */*\n\n{}" in ann.http.get(page).text
    form = ann.http.get(f"{page}update/").text
    assert 'value="http" checked' in form
    assert "X-Key: a: b\nAccept: */*</textarea>" in form
    assert 'value="200, 204"' in form
    wrong = ann.post("/task/create/", kind="hand", **{**fields, "headers": "X-Key"})
    assert wrong.status_code == 422
    assert "Line 1 has no colon: write Name: value." in wrong.text
    wrong = ann.post("/task/create/", kind="hand", **{**fields, "url": "example.com"})
    assert "Must be a URL such as https://example.com/path." in wrong.text
