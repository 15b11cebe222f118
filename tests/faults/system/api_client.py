"""A user with an HTTP client, who notes every answer, and what was promised by a 201."""

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.faults.checker.history import Promise
from tests.faults.system.cluster import Cluster
from tests.support.eventually import eventually

PASSWORD = "correct horse battery staple"
PROBLEM = "application/problem+json"


class Customer:
    """A user registered at the cluster's API; `answers` counts the status codes."""

    def __init__(self, cluster: Cluster) -> None:
        self._field = cluster
        self.client = httpx.Client(base_url=cluster.api_url, timeout=20)
        self.answers: Counter[int] = Counter()
        self.promises: list[Promise] = []
        self.faults: list[str] = []
        who = {"username": f"user-{uuid.uuid4().hex[:8]}", "password": PASSWORD}
        eventually(self._ready, within=30)
        register = {**who, "email": f"{who['username']}@example.com"}
        self.client.post("/api/register/", json=register).raise_for_status()
        token = self.client.post("/api/login/", json=who).raise_for_status().json()["token"]
        self.client.headers["Authorization"] = f"Token {token}"

    def _ready(self) -> bool:
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def task(self, *, due_in: float, work: str = ":", **more: Any) -> dict[str, Any]:
        """A task's document, due in `due_in` seconds, that notes its start and end."""
        due = datetime.now(UTC) + timedelta(seconds=due_in)
        command = self._field.journal.command(work)
        return {"command": command, "schedule_time": due.isoformat(), "retry_delay": 1, **more}

    def create(self, count: int, *, due_in: float, work: str = ":", **more: Any) -> list[Promise]:
        """Have `count` tasks accepted, all or none."""
        items = [self.task(due_in=due_in, work=work, **more) for _ in range(count)]
        answer = self.client.post("/api/tasks/bulk/", json={"items": items})
        self.note(answer)
        answer.raise_for_status()
        made = [
            promise(task_id, item)
            for task_id, item in zip(answer.json()["ids"], items, strict=True)
        ]
        self.promises += made
        return made

    def note(self, answer: httpx.Response) -> None:
        """Count an answer; one that shows a trace, or an error of the wrong kind, is a fault."""
        self.answers[answer.status_code] += 1
        kind = answer.headers.get("Content-Type", "")
        if answer.status_code >= 500 and kind != PROBLEM:
            self.faults.append(f"{answer.status_code} as {kind}")
        if "Traceback" in answer.text or "psycopg2" in answer.text:
            self.faults.append(answer.text)

    @contextmanager
    def looking(self, *paths: str) -> Iterator[None]:
        """Within the block ask for these paths, over and over, and count the answers."""
        stop = threading.Event()

        def look() -> None:
            while not stop.is_set():
                for path in paths:
                    try:
                        self.note(self.client.get(path))
                    except httpx.TransportError as error:
                        self.faults.append(repr(error))
                stop.wait(0.05)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def close(self) -> None:
        """Close the connections."""
        self.client.close()


def promise(task_id: str, task: dict[str, Any]) -> Promise:
    """What a 201 for that task has promised."""
    return Promise(task_id, datetime.fromisoformat(task["schedule_time"]).timestamp())
