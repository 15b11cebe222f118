"""Tasks answer their health, and lists are filtered and sorted by it."""

from typing import Any

import pytest
from sqlalchemy import Engine

from punctual.domain.runs.health import Health
from tests.integration.api.conftest import Person, run_sql

OUTCOMES = ("ok", "failing", "unknown", "missed", "suspicious", "failing", "ok")


@pytest.fixture
def tasks(anna: Person, engine: Engine) -> list[str]:
    """Tasks with these outcomes, oldest first, then one that is late and one that is paused."""
    ids = [anna.task(name=f"task {number}")["id"] for number in range(len(OUTCOMES) + 2)]
    for task, outcome in zip(ids, OUTCOMES, strict=False):
        statement = "UPDATE task_health SET outcome = :outcome WHERE task_id = :id"
        run_sql(engine, statement, outcome=outcome, id=task)
    run_sql(engine, "UPDATE task_health SET late_since = now() WHERE task_id = :id", id=ids[-2])
    anna.post(f"/tasks/{ids[-1]}/pause/")
    return ids


WORST_FIRST = [
    "failing",
    "failing",
    "missed",
    "late",
    "suspicious",
    "unknown",
    "ok",
    "ok",
    "paused",
]


def healths(items: list[dict[str, Any]]) -> list[str]:
    return [task["health"] for task in items]


def test_a_list_can_have_the_worst_first_and_of_each_health_the_newest(
    anna: Person, tasks: list[str]
) -> None:
    items = anna.items("/tasks/?sort=health")
    assert healths(items) == WORST_FIRST
    assert [task["id"] for task in items if task["health"] == "failing"] == [tasks[5], tasks[1]]


@pytest.mark.parametrize(
    "query", ["sort=health", "sort=newest", "sort=health&health=ok&health=failing"]
)
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_pages_have_each_task_once_and_in_the_order_of_the_whole_list(
    anna: Person, tasks: list[str], query: str, limit: int
) -> None:
    whole = [task["id"] for task in anna.items(f"/tasks/?{query}")]
    assert set(whole) <= set(tasks)
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        after = f"&cursor={cursor}" if cursor else ""
        page = anna.get(f"/tasks/?{query}&limit={limit}{after}").get_json()
        found += [task["id"] for task in page["items"]]
        cursor = page["next_cursor"]
    assert found == whole


@pytest.mark.parametrize("health", list(Health))
def test_a_filter_answers_exactly_the_tasks_with_that_health(
    anna: Person, tasks: list[str], health: Health
) -> None:
    everything = anna.items("/tasks/")
    assert len(everything) == len(tasks)
    wanted = [task["id"] for task in everything if task["health"] == health]
    assert [task["id"] for task in anna.items(f"/tasks/?health={health}")] == wanted
    assert wanted


def test_repeated_filters_are_any_of_them_newest_first(anna: Person, tasks: list[str]) -> None:
    items = anna.items("/tasks/?health=failing&health=missed")
    assert [task["id"] for task in items] == [tasks[5], tasks[3], tasks[1]]
    with_search = anna.items("/tasks/?health=failing&health=missed&q=task 3&status=idle")
    assert [task["id"] for task in with_search] == [tasks[3]]


def test_the_tasks_of_others_are_never_listed(anna: Person, ben: Person, tasks: list[str]) -> None:
    assert tasks
    assert ben.items("/tasks/?sort=health") == []
    assert ben.items("/tasks/?health=failing") == []


@pytest.mark.parametrize("query", ["health=bad", "sort=age"])
def test_unknown_values_are_named(anna: Person, query: str) -> None:
    answer = anna.get(f"/tasks/?{query}")
    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.get_json()["errors"][0]["pointer"]


def test_a_cursor_of_another_order_is_refused(anna: Person, tasks: list[str]) -> None:
    assert tasks
    newest = anna.get("/tasks/?limit=1").get_json()["next_cursor"]
    worst = anna.get("/tasks/?limit=1&sort=health").get_json()["next_cursor"]
    assert anna.get(f"/tasks/?sort=health&cursor={newest}").status_code == 422
    assert anna.get(f"/tasks/?cursor={worst}").status_code == 422


def test_an_answer_to_a_pause_and_a_resume_has_the_health_already(
    anna: Person, tasks: list[str]
) -> None:
    assert anna.post(f"/tasks/{tasks[1]}/pause/").get_json()["health"] == "paused"
    assert anna.post(f"/tasks/{tasks[1]}/resume/").get_json()["health"] == "failing"
    assert anna.get(f"/tasks/{tasks[1]}/").get_json()["health"] == "failing"


def test_metrics_count_the_tasks_of_a_team_that_are_not_well(
    anna: Person, tasks: list[str]
) -> None:
    assert tasks
    body = anna.client.get("/metrics").get_data(as_text=True)
    lines = [line for line in body.splitlines() if line.startswith("punctual_unhealthy_tasks{")]
    assert sorted(lines) == [
        f'punctual_unhealthy_tasks{{health="{health}",team="{anna.username}"}} {count}.0'
        for health, count in [("failing", 2), ("late", 1), ("missed", 1), ("suspicious", 1)]
    ]
