"""A rolling upgrade under load: service after service becomes the next release, nothing is lost."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import pytest

from tests.containers.composition import SERVICES, Composition
from tests.containers.tasks import Json, in_seconds, in_state

NEXT = "99.0.0"
LABEL = "org.opencontainers.image.version"


class Customer:
    """Somebody who makes a task each half second, and repeats what was not answered."""

    def __init__(self, client: httpx.Client) -> None:
        self.made: list[Json] = []
        self._client = client
        self._stop = threading.Event()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Makes tasks until the block ends; each has been answered by then."""
        thread = threading.Thread(target=self._work)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _work(self) -> None:
        while not self._stop.wait(0.5):
            self.made.append(self._create())

    def _create(self) -> Json:
        task = {"command": "echo $PUNCTUAL_ATTEMPT", "schedule_time": in_seconds(5)}
        again = {"Idempotency-Key": uuid.uuid4().hex}
        while True:
            try:
                answer = self._client.post("/api/tasks/", json=task, headers=again)
            except httpx.TransportError:
                continue
            if answer.status_code == 201:
                made: Json = answer.json()
                return made
            assert answer.status_code in (429, 502, 503), answer.text
            threading.Event().wait(0.2)


@pytest.fixture
def _same_release_again(composition: Composition) -> Iterator[None]:
    """Gives the images back their own release for the tests that come after."""
    yield
    composition.up("--build")


def versions(composition: Composition, service: str) -> list[str]:
    """The releases of a service's containers."""
    known = (composition.inspect(each) for each in composition.containers(service))
    return [each["Config"]["Labels"][LABEL] for each in known]


@pytest.mark.usefixtures("_same_release_again")
def test_a_rolling_upgrade_under_load_loses_and_doubles_nothing(composition: Composition) -> None:
    with closing(composition.user(f"ann-{uuid.uuid4().hex[:8]}")) as ann:
        due = [in_seconds(5 + n / 2) for n in range(240)]
        items = [{"command": "echo $PUNCTUAL_ATTEMPT", "schedule_time": at} for at in due]
        ids = ann.post("/api/tasks/bulk/", json={"items": items}).raise_for_status().json()["ids"]
        customer = Customer(ann)
        with customer.at_work(), composition.settings(PUNCTUAL_VERSION=NEXT):
            composition.compose("build")
            composition.run_in("migrate")
            for service in ("coordinator", "worker", "api"):
                number = SERVICES[service]
                scale = f"--scale={service}={number}"
                composition.compose("up", "--detach", "--wait", "--no-deps", scale, service)
                assert versions(composition, service) == [NEXT] * number
        tasks = [{"id": each} for each in ids] + customer.made
        assert len(customer.made) > 10
        for task in tasks:
            run = in_state(ann, task, "succeeded", within=120)
            told = ann.get(f"/api/runs/{run['id']}/").raise_for_status().json()
            assert [attempt["state"] for attempt in told["attempts"]] == ["succeeded"], told
