"""What the API does with tasks and their schedules."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from punctual_client.connection import Connection, json_of
from punctual_client.documents import Backfill, CrontabReport, Document, Preview, Run, Task, Why

TASKS = "/api/tasks/"


class TaskCalls(Connection):
    """Tasks."""

    def tasks(
        self,
        *,
        status: str | None = None,
        tag: str | None = None,
        q: str | None = None,
        team: str | None = None,
    ) -> Iterator[Task]:
        """Return tasks, newest first; `q` is part of a name."""
        return self.pages(TASKS, {"status": status, "tag": tag, "q": q, "team": team})

    def task(self, task_id: str) -> Task:
        """Read a task."""
        return cast(Task, self.read(f"{TASKS}{task_id}/"))

    def create_task(self, task: Document) -> Task:
        """Create a task; repeated safely."""
        return cast(Task, self.send("POST", TASKS, task, once=True))

    def replace_task(self, task_id: str, task: Document, *, version: int | None = None) -> Task:
        """Replace a task, with `version` only if it is still at that one; else Changed."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return cast(Task, self.send("PUT", f"{TASKS}{task_id}/", task, headers=headers))

    def change_task(self, task_id: str, changes: Document, *, version: int | None = None) -> Task:
        """Change some fields of a task."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return cast(Task, self.send("PATCH", f"{TASKS}{task_id}/", changes, headers=headers))

    def delete_task(self, task_id: str) -> None:
        """Delete a task."""
        self.call("DELETE", f"{TASKS}{task_id}/")

    def run_task(self, task_id: str, params: Mapping[str, Any] | None = None) -> Run:
        """Run a task now; repeated safely."""
        body = {"params": dict(params)} if params else None
        return cast(Run, self.send("POST", f"{TASKS}{task_id}/run/", body, once=True))

    def pause_task(self, task_id: str, *, until: str | None = None) -> Task:
        """Pause a task, for good or until a time."""
        body = None if until is None else {"until": until}
        return cast(Task, self.send("POST", f"{TASKS}{task_id}/pause/", body))

    def resume_task(self, task_id: str) -> Task:
        """Resume a task."""
        return cast(Task, self.send("POST", f"{TASKS}{task_id}/resume/"))

    def task_runs(
        self, task_id: str, *, state: str | None = None, since: str | None = None
    ) -> Iterator[Run]:
        """Return the runs of a task, newest due time first."""
        return self.pages(f"{TASKS}{task_id}/runs/", {"state": state, "since": since})

    def why(self, task_id: str, *, at: str | None = None) -> Why:
        """Explain what became of the due time at or nearest before an instant."""
        return cast(Why, self.read(f"{TASKS}{task_id}/why/", {"at": at}))

    def backfill(
        self, task_id: str, *, start: str, end: str, dry_run: bool = True, limit: int = 1000
    ) -> Iterator[Backfill]:
        """Run due times that never had a start, or list them; one page at a time."""
        at: str | None = start
        while at is not None:
            body = {"from": at, "to": end, "dry_run": dry_run, "limit": limit}
            page = cast(Backfill, self.send("POST", f"{TASKS}{task_id}/backfill/", body))
            yield page
            at = page["next_from"]

    def preview(
        self,
        schedule: object,
        *,
        start: str | None = None,
        count: int = 5,
        calendars: list[str] | None = None,
        team: str | None = None,
    ) -> Preview:
        """Describe a schedule, with its next due times."""
        body: Document = {"schedule": schedule, "count": count, "calendars": calendars or []}
        if start is not None:
            body["from"] = start
        answer = self.call(
            "POST", "/api/schedules/preview/", query={"team": team}, body=body, once=True
        )
        return cast(Preview, json_of(answer))

    def import_crontab(
        self,
        crontab: str,
        *,
        system: bool = False,
        timezone: str = "UTC",
        dry_run: bool = True,
        team: str | None = None,
    ) -> CrontabReport:
        """Create the tasks of a crontab, or report what they would be; repeated safely."""
        body = {
            "crontab": crontab,
            "format": "system" if system else "user",
            "timezone": timezone,
            "dry_run": dry_run,
        }
        answer = self.call(
            "POST", "/api/import/crontab/", query={"team": team}, body=body, once=True
        )
        return cast(CrontabReport, json_of(answer))

    def export_crontab(
        self, *, timezone: str = "UTC", tag: str | None = None, team: str | None = None
    ) -> str:
        """Return tasks as a crontab."""
        query = {"timezone": timezone, "tag": tag, "team": team}
        return self.call("GET", "/api/export/crontab/", query=query).text
