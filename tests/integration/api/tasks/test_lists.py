"""Lists: filtered, newest first, and in pages that stay put while rows come in."""

import pytest

from tests.integration.api.conftest import Person


def names(person: Person, query: str) -> list[str]:
    return [task["name"] for task in person.items(f"/tasks/?{query}")]


def test_tasks_are_filtered_by_tag_and_words(anna: Person) -> None:
    anna.task(name="one", tags=["night"], command="backup 100%")
    anna.task(name="two", tags=["nightly"], command="report")
    anna.task(name="three", command="make Backup_x")
    assert names(anna, "tag=night") == ["one"]
    assert names(anna, "q=BACKUP") == ["three", "one"]
    assert names(anna, "q=tw") == ["two"]
    assert names(anna, "q=100%25") == ["one"]
    assert names(anna, "q=%25") == ["one"]
    assert names(anna, "q=_") == ["three"]
    assert names(anna, "q=backup&tag=night") == ["one"]
    assert names(anna, "status=paused") == []


def test_pages_stay_put_while_tasks_are_added_and_deleted(anna: Person) -> None:
    for number in range(5):
        anna.task(name=str(number))
    first = anna.get("/tasks/?limit=2").get_json()
    anna.task(name="later")
    anna.call("DELETE", f"/tasks/{first['items'][1]['id']}/")
    second = anna.get(f"/tasks/?limit=2&cursor={first['next_cursor']}").get_json()
    third = anna.get(f"/tasks/?limit=2&cursor={second['next_cursor']}").get_json()
    pages = [first, second, third]
    assert [[task["name"] for task in page["items"]] for page in pages] == [
        ["4", "3"],
        ["2", "1"],
        ["0"],
    ]
    assert third["next_cursor"] is None


def test_pages_of_runs_stay_put_while_runs_come_in(anna: Person) -> None:
    task = anna.task()
    made = [anna.post(f"/tasks/{task['id']}/run/").get_json()["id"] for _ in range(4)]
    seen: list[str] = []
    for path in ("/runs/", f"/tasks/{task['id']}/runs/"):
        cursor = ""
        seen.clear()
        while cursor is not None:
            query = f"?limit=3{'&cursor=' + cursor if cursor else ''}"
            page = anna.get(path + query).get_json()
            seen += [run["id"] for run in page["items"]]
            cursor = page["next_cursor"]
            made.append(anna.post(f"/tasks/{task['id']}/run/").get_json()["id"])
        assert seen == made[: len(seen)][::-1]


def test_runs_are_filtered_by_state_task_and_time(anna: Person) -> None:
    one, other = anna.task(), anna.task()
    first = anna.post(f"/tasks/{one['id']}/run/").get_json()
    second = anna.post(f"/tasks/{other['id']}/run/").get_json()
    anna.post(f"/runs/{first['id']}/cancel/")

    def found(query: str) -> list[str]:
        return [run["id"] for run in anna.items(f"/runs/?{query}")]

    assert found("") == [second["id"], first["id"]]
    assert found("state=cancelled") == [first["id"]]
    assert found(f"task={other['id']}") == [second["id"]]
    assert found(f"since={second['scheduled_for']}") == [second["id"]]
    assert found(f"since={second['scheduled_for'].replace('Z', '+00:00')}") == [second["id"]]
    assert found("since=2099-01-01T00:00:00Z") == []
    runs = anna.items(f"/tasks/{one['id']}/runs/?state=cancelled")
    assert [run["id"] for run in runs] == [first["id"]]


def test_an_empty_parameter_of_a_query_is_not_given(anna: Person) -> None:
    task = anna.task(tags=["night"])
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    [seen] = anna.items("/tasks/?limit=&cursor=&status=&tag=&q=")
    assert seen["id"] == task["id"]
    for query in ("/runs/?limit=&cursor=&state=&task=&since=", f"/tasks/{task['id']}/runs/?state="):
        assert [one["id"] for one in anna.items(query)] == [run["id"]]
    assert anna.get(f"/runs/{run['id']}/output/?attempt=&stream=stdout").status_code == 200


@pytest.mark.parametrize("path", ["/tasks/", "/runs/"])
@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=1001", "/limit"),
        ("limit=many", "/limit"),
        ("cursor=nonsense", "/cursor"),
        ("cursor=%00", "/cursor"),
        ("cursor=é", "/cursor"),
        ("cursor=" + "A" * 300, "/cursor"),
        ("page=2", "/page"),
        ("page=", "/page"),
    ],
)
def test_a_bad_query_is_refused_at_its_place(
    anna: Person, path: str, query: str, pointer: str
) -> None:
    answer = anna.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    "path",
    [
        "/tasks/?status=odd",
        "/tasks/?q=%00",
        "/tasks/?tag=%00",
        "/runs/?state=odd",
        "/runs/?since=yesterday",
        "/runs/?task=7",
    ],
)
def test_an_impossible_filter_is_refused(anna: Person, path: str) -> None:
    assert anna.get(path).status_code == 422
