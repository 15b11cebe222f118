"""Pages show in words which tasks are not well, and why a success is suspicious."""

import re
import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.integration.api.conftest import run_sql
from tests.integration.api.pages.visitor import Visitor, visit
from tests.support.alerts.health import end_run


@pytest.fixture
def ann(client: FlaskClient) -> Visitor:
    return visit(client)


def names(html: str) -> list[str]:
    """The tasks of a dashboard, in order."""
    return re.findall(r'<th scope="row" class="wide"><a [^>]*><bdi>([^<]*)</bdi>', html)


def title(html: str) -> str:
    found = re.search(r"<title>([^<]*)</title>", html)
    assert found
    return found[1]


def test_the_dashboard_has_failing_tasks_first_in_words_and_counts_them(
    engine: Engine, ann: Visitor
) -> None:
    for name in ("broken", "fine", "new"):
        ann.person.task(name=name, max_retries=0)
    assert title(ann.get("/dashboard/").text) == "Tasks · Punctual"
    ids = {task["name"]: uuid.UUID(task["id"]) for task in ann.person.items("/tasks/")}
    end_run(engine, ids["broken"], "failed")
    end_run(engine, ids["fine"])
    html = ann.get("/dashboard/").text
    assert title(html) == "(1 failing) Tasks · Punctual"
    assert names(html) == ["broken", "new", "fine"]
    assert html.count("Health: </span>failing</span>") == 1
    assert names(ann.get("/dashboard/?sort=newest").text) == ["new", "fine", "broken"]
    assert names(ann.get("/dashboard/?health=ok").text) == ["fine"]
    assert "Health: </span>failing" in ann.get(f"/task/{ids['broken']}/").text


@pytest.mark.parametrize("query", ["health=bad", "sort=age"])
def test_an_unknown_choice_is_named_at_its_field(ann: Visitor, query: str) -> None:
    ann.person.task()
    answer = ann.get(f"/dashboard/?{query}")
    assert answer.status_code == 422
    assert f'id="{query.partition("=")[0]}-wrong">Choose one of' in answer.text


def test_the_pages_of_a_long_list_follow_each_other(engine: Engine, ann: Visitor) -> None:
    bulk = [{"command": "true", "name": f"task {number}", "max_retries": 0} for number in range(60)]
    assert ann.person.post("/tasks/bulk/", json={"items": bulk}).status_code == 201
    last = ann.person.items("/tasks/?q=task 0")[0]["id"]
    end_run(engine, uuid.UUID(last), "failed")
    first = ann.get("/dashboard/").text
    more = re.search(r'<a href="([^"]+)">More →', first)
    assert more
    second = ann.get(more[1].replace("&amp;", "&")).text
    assert names(first)[0] == "task 0"
    assert sorted(names(first) + names(second)) == sorted(f"task {number}" for number in range(60))


def test_the_page_of_a_suspicious_run_says_by_which_figures(engine: Engine, ann: Visitor) -> None:
    run = end_run(engine, uuid.UUID(ann.person.task()["id"]))
    path = f"/run/{run}/"
    assert "normally" not in ann.get(path).text
    run_sql(
        engine,
        "INSERT INTO run_anomalies VALUES (:run, 'fast', jsonb_build_object('unit', 'seconds',"
        " 'value', 2.0, 'low', 41.0, 'high', 55.0, 'runs', 50, 'by', 'weekday'))",
        run=run,
    )
    sentence = "Fast: took 2 s; normally 41 s to 55 s of the runs on this weekday, by 50 successes"
    assert sentence in ann.get(path).text
