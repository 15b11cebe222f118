"""Queues over the API: kept, answered with the runs, and refused when there can be none so."""

import pytest

from tests.integration.api.conftest import Person


def test_a_queue_is_kept_and_its_runs_name_it(anna: Person) -> None:
    task = anna.task(queue="gpu")
    assert task["queue"] == "gpu"
    assert anna.post(f"/tasks/{task['id']}/run/").get_json()["queue"] == "gpu"


def test_without_a_queue_it_is_default(anna: Person) -> None:
    assert anna.task()["queue"] == "default"


@pytest.mark.parametrize("queue", ["", "GPU", "a b", "gpu\n", "a" * 41, None, 1])
def test_what_is_no_queue_is_refused(anna: Person, queue: object) -> None:
    answer = anna.post("/tasks/", json={"command": "true", "queue": queue})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/queue"
