"""What links of messages do without a login: run a task again, or snooze it."""

import uuid

from flask import request
from limits import RateLimitItemPerMinute

from punctual.domain.alerts.snooze import SnoozeChoice, chosen_snooze, zone_of_schedule
from punctual.domain.errors import InvalidParams
from punctual.store.accounts.audit import Actor
from punctual.store.alerts import links as store
from punctual.store.alerts import snoozes
from punctual.store.alerts.links import OpenLink
from punctual.store.lifecycle.run_now import retry_run
from punctual.store.runs.listing import find_run
from punctual.store.schema.models import Run, Task
from punctual.store.tasks.changes import find_task
from punctual_api.accounts.failed_logins import failed_logins, place_of
from punctual_api.alerts.snoozes import recorded_snooze
from punctual_api.audit.recorder import record
from punctual_api.http.context import now, session
from punctual_api.http.problems import Problem
from punctual_api.http.request_hooks import made_run
from punctual_api.limits.team_limits import require_room_for_runs
from punctual_api.queues.allowed import require_queue_of

FROM_ONE_PLACE = RateLimitItemPerMinute(120, 15, "alert-link")
TOO_MANY = "Too many links were opened from your address; try again later."
UNUSABLE = (
    "This link is unknown, or its week is over, or its task is gone or in another team. Open the"
    " task in Punctual instead."
)
BY_LINK = "a link in a message"


def link_of(code: str) -> OpenLink:
    """Return the link of a code; raises Problem: 404, 429 for many from one address."""
    wait = failed_logins().take([(FROM_ONE_PLACE, (place_of(request.remote_addr or ""),))])
    if wait is not None:
        raise Problem(429, TOO_MANY, headers={"Retry-After": str(wait)})
    link = store.open_link(session(), code)
    if link is None:
        raise Problem(404, UNUSABLE)
    return link


def task_of(link: OpenLink, *, lock: bool = False) -> Task:
    """Return the task of a link; raises Problem 404."""
    task = find_task(session(), link.task_id, team_id=link.team_id, lock=lock)
    if task is None:
        raise Problem(404, UNUSABLE)
    return task


def run_of(link: OpenLink) -> Run | None:
    """Return the run of a link; None for a link about a task alone, and for a pruned run."""
    if link.run_id is None:
        return None
    return find_run(session(), link.run_id, team_id=link.team_id)


def retry_by_link(link: OpenLink) -> uuid.UUID | None:
    """Run the task of a link's run again; None where the link has done so before.

    Raises Problem: 409 where it cannot be run so, and those of every new run.
    """
    task, run = task_of(link), run_of(link)
    if run is None:
        raise Problem(409, "The run of this link is no more on record: run the task instead.")
    if store.use_for_retry(session(), link) is not None:
        return None
    require_queue_of(task)
    require_room_for_runs(task.team_id)
    try:
        made = retry_run(session().connection(), task=task, run=run)
    except InvalidParams as error:
        raise Problem(409, f"The task needs other values by now: {error}") from None
    if made is None:
        raise Problem(409, f"The run has not ended yet: it is {run.state}.")
    store.note_retry(session(), link, made)
    made_run(made)
    after = {"run": made, "by": BY_LINK}
    record("run", run.id, task.name, after=after, team=link.team_id, by=Actor())
    return made


def snooze_by_link(link: OpenLink, choice: SnoozeChoice) -> None:
    """Snooze the task of a link; raises Problem 404."""
    task = task_of(link, lock=True)
    snooze = chosen_snooze(choice, now=now(), zone=zone_of_schedule(task.schedule))
    before = recorded_snooze(snoozes.find_snooze(session(), task.id, now=now()))
    snoozes.snooze_task(session(), task.id, snooze, by=None, now=now())
    after = {**recorded_snooze(snooze), "by": BY_LINK}
    record("task", task.id, task.name, before=before, after=after, team=link.team_id, by=Actor())
