"""Parameters on the pages: written down with a task, filled in for a run, shown with it."""

import httpx

from tests.e2e.visitor import Visitor

PARAMS = """[{"name": "day", "default": "today", "description": "Which day"},
 {"name": "full", "type": "boolean"}, {"name": "count", "type": "integer", "required": true}]"""


def run_form(ann: Visitor, **fields: str) -> httpx.Response:
    """Creates a task with parameters, and sends the form of a run."""
    page = ann.creates(command='echo "$PARAM_DAY"', params=PARAMS)
    return ann.post(f"{page}run/", **fields)


def test_a_run_is_given_what_was_filled_in_and_shows_it(ann: Visitor) -> None:
    fields = {"param-day": "it's <friday>", "param-full": "true", "param-count": "3"}
    answer = run_form(ann, **fields)
    assert answer.status_code == 302
    shown = ann.http.get(answer.headers["Location"]).text
    assert "it&#39;s &lt;friday&gt;" in shown
    assert "<dt>count</dt><dd><code>3</code></dd>" in shown


def test_what_is_wrong_is_marked_and_what_was_typed_is_kept(ann: Visitor) -> None:
    answer = run_form(ann, **{"param-day": "monday", "param-count": "many"})
    assert answer.status_code == 422
    assert "This is a whole number of 64 bits." in answer.text
    assert 'value="monday"' in answer.text
    assert 'value="many"' in answer.text


def test_a_task_without_parameters_runs_at_the_press_of_its_button(
    ann: Visitor,
) -> None:
    page = ann.creates()
    assert ann.post(f"{page}run/", of=page).status_code == 302
    assert "Run now</button>" in ann.http.get(page).text


def test_parameters_stand_in_the_form_of_their_task(ann: Visitor) -> None:
    page = ann.creates(params=PARAMS)
    shown = ann.http.get(page)
    assert "Which day" in shown.text
    form = ann.http.get(f"{page}update/").text
    assert "&#34;name&#34;: &#34;count&#34;" in form
    wrong = ann.post("/task/create/", command="true", kind="hand", params='[{"name": "A"}]')
    assert wrong.status_code == 422
    assert "A name is lower case letters" in wrong.text
