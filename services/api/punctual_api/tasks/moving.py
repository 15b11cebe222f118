"""Move a task to another team, with its runs that have not ended; its history stays."""

from collections.abc import Mapping
from typing import Any

from flask.globals import app_ctx

from punctual.domain.access import Role
from punctual.store.schema.models import Task
from punctual_api.accounts.access import own_team_named, permitted
from punctual_api.http.context import session
from punctual_api.http.problems import invalid
from punctual_api.limits.team_limits import require_room_for_tasks
from punctual_api.tasks.upstreams import refuse_while_followed, upstream_faults


def moved(task: Task, slug: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the change that moves a task to the team of that slug; none where it is already.

    `values` are what else is changed. Raises Problem: 422 for a team that the user is not in, for
    upstream tasks that are not there, and where that team has all tasks that it may have; 403 where
    the user is no editor; 409 while other tasks run after it.
    """
    team = permitted(own_team_named(slug), Role.EDITOR)
    if team == task.team_id:
        return {}
    refuse_while_followed(task.id, done="moved")
    require_room_for_tasks(session().connection(), team)
    app_ctx.g.team_id = team
    if faults := upstream_faults({"after": values.get("after", task.after)}, task_id=None):
        raise invalid(faults)
    return {"team_id": team}
