"""Move a task to another team, with its runs that have not ended; its history stays."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask.globals import app_ctx

from punctual.domain.roles import Role
from punctual.store.schema.models import Task
from punctual.store.tasks.handover import count_unfinished
from punctual.store.tasks.upstreams import lock_edges
from punctual_api.accounts.access import own_team_named, permitted
from punctual_api.http.context import session, team_id
from punctual_api.http.problems import Problem, invalid
from punctual_api.limits.team_limits import require_room_for_runs, require_room_for_tasks
from punctual_api.tasks.upstreams import refuse_while_followed, upstream_faults


def lock_ahead(slug: str | None = None) -> None:
    """Lock the edges of the team of this request, and of the one that is named, ahead of a task.

    What changes a task and then looks at upstream tasks, calendars or teams takes these first, as
    the handover of a whole team does: none can wait for a task that the other has locked.
    """
    teams = {team_id()}
    if slug is not None:
        with suppress(Problem):  # the change itself refuses a team that is not there
            teams.add(own_team_named(slug).team_id)
    for team in sorted(teams):
        lock_edges(session(), team_id=team)


def moved(task: Task, slug: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the change that moves a task to the team of that slug; none where it is already.

    `values` are what else is changed. Raises Problem: 422 for a team that the user is not in, for
    upstream tasks that are not there, and where that team has all tasks or unfinished runs that it
    may have; 403 where the user is no editor; 409 while other tasks run after it.
    """
    team = permitted(own_team_named(slug), Role.EDITOR)
    if team == task.team_id:
        return {}
    refuse_while_followed(task.id, done="moved")
    require_room_for_tasks(session().connection(), team)
    require_room_for_runs(team, count_unfinished(session(), task.id))
    app_ctx.g.team_id = team
    if faults := upstream_faults({"after": values.get("after", task.after)}, task_id=None):
        raise invalid(faults)
    return {"team_id": team}
