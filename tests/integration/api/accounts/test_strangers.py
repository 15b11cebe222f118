"""Two people who cannot see each other: whatever Ben asks about Anna's things is 404."""

from sqlalchemy import Engine

from tests.integration.api.conftest import Person, run_sql, start_run

ON_A_TASK = [
    ("GET", "/tasks/{task}/"),
    ("PUT", "/tasks/{task}/"),
    ("PATCH", "/tasks/{task}/"),
    ("DELETE", "/tasks/{task}/"),
    ("POST", "/tasks/{task}/run/"),
    ("POST", "/tasks/{task}/pause/"),
    ("POST", "/tasks/{task}/resume/"),
    ("GET", "/tasks/{task}/runs/"),
]
ON_A_RUN = [
    ("GET", "/runs/{run}/"),
    ("GET", "/runs/{run}/output/"),
    ("POST", "/runs/{run}/cancel/"),
    ("POST", "/runs/{run}/retry/"),
]


def test_a_stranger_finds_nothing_and_changes_nothing(
    anna: Person, ben: Person, engine: Engine
) -> None:
    task = anna.task(tags=["mine"])
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    start_run(engine, run["id"])
    before = (
        anna.get(f"/runs/{run['id']}/").get_json(),
        anna.get(f"/tasks/{task['id']}/").get_json(),
    )
    nothing = "01890000-0000-7000-8000-000000000000"
    for method, path in ON_A_TASK + ON_A_RUN:
        body = {"json": {"command": "echo mine"}} if method in ("PUT", "PATCH") else {}
        hers = ben.call(method, path.format(task=task["id"], run=run["id"]), **body)
        none = ben.call(method, path.format(task=nothing, run=nothing), **body)
        assert hers.status_code == none.status_code == 404, (method, path)
        assert hers.get_json()["detail"] == none.get_json()["detail"]
    for path in ("/tasks/", "/tasks/?tag=mine", "/runs/", f"/runs/?task={task['id']}"):
        assert ben.items(path) == []
    after = anna.get(f"/runs/{run['id']}/").get_json(), anna.get(f"/tasks/{task['id']}/").get_json()
    assert after == before


def test_without_a_token_every_call_is_401(anna: Person, engine: Engine) -> None:
    task = anna.task()
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    run_sql(engine, "DELETE FROM api_tokens")
    calls = [("GET", "/tasks/"), ("POST", "/tasks/"), ("POST", "/tasks/bulk/"), ("GET", "/runs/")]
    for method, path in [*calls, *ON_A_TASK, *ON_A_RUN, ("POST", "/logout/")]:
        answer = anna.call(method, path.format(task=task["id"], run=run["id"]), json={})
        assert answer.status_code == 401, (method, path)
