"""What the API does with runs."""

from collections.abc import Iterator
from typing import cast

from punctual_client.connection import Connection
from punctual_client.documents import Run

RUNS = "/api/runs/"


class RunCalls(Connection):
    """Runs and their output."""

    def runs(
        self,
        *,
        state: str | None = None,
        task: str | None = None,
        since: str | None = None,
        team: str | None = None,
    ) -> Iterator[Run]:
        """Return runs, newest due time first."""
        return self.pages(RUNS, {"state": state, "task": task, "since": since, "team": team})

    def run(self, run_id: str) -> Run:
        """Read a run with its attempts."""
        return cast(Run, self.read(f"{RUNS}{run_id}/"))

    def output(
        self, run_id: str, *, attempt: int | None = None, stream: str | None = None
    ) -> bytes:
        """Return what an attempt wrote, by default the last one that wrote anything."""
        query = {"attempt": attempt, "stream": stream}
        return self.call("GET", f"{RUNS}{run_id}/output/", query=query).content

    def cancel_run(self, run_id: str) -> Run:
        """Cancel a run: one that runs is killed."""
        return cast(Run, self.send("POST", f"{RUNS}{run_id}/cancel/"))

    def retry_run(self, run_id: str) -> Run:
        """Run the task of a run again, with the run's values; repeated safely."""
        return cast(Run, self.send("POST", f"{RUNS}{run_id}/retry/", once=True))
