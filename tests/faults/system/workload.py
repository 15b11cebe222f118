"""What users ask for: tasks that are accepted, and the due times that are thereby promised."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from punctual.domain.schedules.syntax import due_times, parse_schedule
from punctual.store.driver.notify import wake_if_due
from punctual.store.tasks.changes import (
    create_tasks,
    database_now,
    find_task,
    new_task_ids,
    set_enabled,
)
from tests.faults.checker.history import Promise
from tests.faults.system.cluster import Cluster
from tests.support.rows import new_team

WINDOW = timedelta(seconds=35)

DEFAULTS: dict[str, Any] = {
    "name": "a task",
    "command": "true",
    "schedule": None,
    "max_retries": 3,
    "retry_delay": 1,
    "retry_delay_max": 3600,
    "timeout": 3600,
    "env": {},
    "working_dir": None,
    "tags": [],
    "metadata": {},
    "overlap": "skip",
    "catch_up": "latest",
    "start_deadline": None,
    "priority": 5,
}

# A worker confirms a start up to a third of a second ahead; a pause stops none of these.
BEING_STARTED = text("""
SELECT scheduled_for FROM runs
WHERE task_id = :task_id AND trigger = 'schedule' AND state = 'running' AND scheduled_for > :now
""")


class Workload:
    """One user's tasks; saved as the API saves them, so that no fault of HTTP's is in the way."""

    def __init__(self, cluster: Cluster) -> None:
        self._field = cluster
        self.team_id = new_team(cluster.engine)
        self.promises: list[Promise] = []
        self._recurring: list[uuid.UUID] = []

    def accept(
        self, due_in: Sequence[float], *, work: str = ":", dropped: bool = False, **policies: Any
    ) -> list[Promise]:
        """Save a task for each number of seconds from now; each notes its start and end."""
        with Session(self._field.engine) as session, session.begin():
            now = database_now(session)
            dues = [now + timedelta(seconds=seconds) for seconds in due_in]
            ids = self._save(
                session,
                [{"at": due.isoformat()} for due in dues],
                command=self._field.journal.command(work),
                now=now,
                **policies,
            )
        made = [
            Promise(str(task_id), due.timestamp(), may_be_dropped=dropped)
            for task_id, due in zip(ids, dues, strict=True)
        ]
        self.promises += made
        return made

    def recur(self, count: int, *, every: float, work: str = ":", **policies: Any) -> None:
        """Save tasks that recur; their due times are promised once `pause` has ended them."""
        with Session(self._field.engine) as session, session.begin():
            self._recurring += self._save(
                session,
                [{"every": every}] * count,
                command=self._field.journal.command(work),
                now=database_now(session),
                **policies,
            )

    def pause(self) -> None:
        """Pause every recurring task; what it was due until then is promised, or says why not."""
        for task_id in self._recurring:
            with Session(self._field.engine) as session, session.begin():
                now = database_now(session)
                task = find_task(session, task_id, team_id=self.team_id, lock=True)
                assert task is not None
                schedule = parse_schedule(task.schedule, anchor=task.schedule_anchor)
                assert schedule is not None
                set_enabled(session, task, enabled=False, now=now)
                dues = takewhile(lambda at: at <= now, due_times(schedule, after=task.created_at))  # noqa: B023
                under_way = session.scalars(BEING_STARTED, {"task_id": task_id, "now": now})
                self.promises += [
                    Promise(str(task_id), due.timestamp(), may_be_dropped=True)
                    for due in (*dues, *under_way)
                ]
        self._recurring.clear()

    def _save(
        self,
        session: Session,
        schedules: Sequence[dict[str, object]],
        *,
        now: datetime,
        **values: Any,
    ) -> list[uuid.UUID]:
        tasks = [{**DEFAULTS, **values, "schedule": schedule} for schedule in schedules]
        ids = new_task_ids(len(tasks))
        first = create_tasks(session, team_id=self.team_id, ids=ids, tasks=tasks, now=now)
        wake_if_due(session.connection(), first, now=now, window=WINDOW)
        return ids
