"""A user of the product: creates tasks over HTTP, in bulk."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx

from tests.support.product import Product

MOST = 10_000


class Client:
    """One signed-in user."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        http.timeout = httpx.Timeout(120)

    @classmethod
    @contextmanager
    def of(cls, product: Product) -> Iterator["Client"]:
        """A new user of that product."""
        http = product.user(f"bench-{uuid4().hex[:8]}")
        try:
            yield cls(http)
        finally:
            http.close()

    @property
    def token(self) -> str:
        """The value of the Authorization header."""
        return str(self.http.headers["Authorization"])

    def create(self, tasks: Sequence[tuple[str, str | None]], **fields: Any) -> list[str]:
        """Create a task for each (command, instant); answers their ids in order."""
        ids: list[str] = []
        for start in range(0, len(tasks), MOST):
            items = [
                {
                    "command": command,
                    "schedule": {"at": at} if at else None,
                    "max_retries": 0,
                    **fields,
                }
                for command, at in tasks[start : start + MOST]
            ]
            answer = self.http.post("/api/tasks/bulk/", json={"items": items})
            ids += answer.raise_for_status().json()["ids"]
        return ids
