"""Containers that are killed or stopped, and what their users see of it."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.containers.composition import Composition
from tests.containers.tasks import create, in_seconds, in_state, newest_run, output
from tests.support.eventually import eventually


@pytest.fixture(autouse=True)
def _whole_again(composition: Composition) -> Iterator[None]:
    """Starts again what a test took away."""
    yield
    composition.up()


def test_a_killed_workers_run_is_done_by_the_other_one(
    composition: Composition, ann: httpx.Client
) -> None:
    command = "echo attempt $PUNCTUAL_ATTEMPT; [ $PUNCTUAL_ATTEMPT -gt 1 ] || sleep 600"
    task = create(ann, command=command, schedule_time=in_seconds(1), retry_delay=1)
    first = in_state(ann, task, "running")
    victim = first["worker"]
    composition.docker("kill", victim)
    later = create(ann, command="hostname", schedule_time=in_seconds(2))
    assert output(ann, in_state(ann, later, "succeeded")).strip() != victim
    run = in_state(ann, task, "succeeded", within=90)
    assert (run["attempt"], run["worker"] != victim) == (2, True)
    attempts = ann.get(f"/api/runs/{run['id']}/").json()["attempts"]
    assert [attempt["state"] for attempt in attempts] == ["lost", "succeeded"]
    assert output(ann, run) == "attempt 2\n"


def test_a_killed_runner_takes_its_worker_and_all_commands_with_it(
    composition: Composition, ann: httpx.Client
) -> None:
    command = "echo attempt $PUNCTUAL_ATTEMPT; [ $PUNCTUAL_ATTEMPT -gt 1 ] || sleep 600"
    task = create(ann, command=command, schedule_time=in_seconds(1), retry_delay=1)
    victim = in_state(ann, task, "running")["worker"]
    run_url = f"/api/runs/{in_state(ann, task, 'running')['id']}/"
    eventually(lambda: ann.get(run_url).json()["started_at"], within=10, every=0.2)
    # No command can do it. The agent may not end what the runner leaves, being another user.
    kill = "kill -9 $(grep -l punctual_worker.runne[r] /proc/[1-9]*/cmdline | cut -d/ -f3)"
    composition.docker("exec", "--user", "11000", victim, "sh", "-c", kill)
    eventually(lambda: composition.inspect(victim)["RestartCount"] == 1, within=60, every=0.5)
    assert "running commands abandoned" in composition.log(victim)
    run = in_state(ann, task, "succeeded", within=90)
    attempts = ann.get(f"/api/runs/{run['id']}/").json()["attempts"]
    assert [attempt["state"] for attempt in attempts] == ["lost", "succeeded"]


def test_a_stopped_worker_finishes_what_it_runs(
    composition: Composition, ann: httpx.Client
) -> None:
    task = create(ann, command="sleep 6; echo finished", schedule_time=in_seconds(1))
    run = in_state(ann, task, "running")
    worker = run["worker"]
    composition.docker("stop", worker)
    assert composition.inspect(worker)["State"]["ExitCode"] == 0
    ended = newest_run(ann, task)
    assert ended is not None
    assert (ended["state"], ended["attempt"]) == ("succeeded", 1)
    assert output(ann, ended) == "finished\n"


def test_every_service_stops_in_good_order(composition: Composition) -> None:
    for service in ("proxy", "api", "coordinator", "worker", "redis", "postgres"):
        containers = composition.containers(service)
        composition.compose("stop", service)
        codes = [composition.inspect(each)["State"]["ExitCode"] for each in containers]
        assert set(codes) == {0}, service


def test_one_of_two_apis_is_enough(composition: Composition, ann: httpx.Client) -> None:
    one, _other = composition.containers("api")
    composition.docker("kill", one)
    made = [create(ann, command="true") for _ in range(8)]
    assert all(ann.get(f"/api/tasks/{task['id']}/").status_code == 200 for task in made)


def test_without_an_api_the_port_says_so_as_the_api_would(composition: Composition) -> None:
    composition.compose("stop", "api")
    with closing(composition.visitor()) as visitor:
        answer = visitor.get("/api/tasks/")
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"]
        composition.compose("start", "api")
        eventually(lambda: visitor.get("/readyz").status_code == 200, within=60, every=0.5)


def test_a_killed_redis_delays_and_loses_nothing(
    composition: Composition, ann: httpx.Client
) -> None:
    tasks = [create(ann, command="true", schedule_time=in_seconds(3 + n)) for n in range(4)]
    composition.compose("kill", "redis")
    for task in tasks:
        in_state(ann, task, "succeeded", within=60)
