"""Hand all tasks of a team over to another one; API and pages call the same function."""

from typing import Any

from punctual.domain.audit.actions import Action
from punctual.domain.roles import Role
from punctual.store.accounts.teams import lock_team
from punctual.store.queues.closed import queues_closed_to
from punctual.store.schema.models import Team
from punctual.store.tasks.handover import MOST_TASKS, Handover, hand_over, plan_handover
from punctual_api.accounts.access import own_team_named, permitted
from punctual_api.audit.recorder import MOST_WITH_VALUES, changed_nothing, record, record_many
from punctual_api.http.context import now, session, team_id, user_id
from punctual_api.http.problems import Fault, Problem, invalid, not_found
from punctual_api.limits.team_limits import lock_limits, refusals_of_move
from punctual_api.queues.allowed import refusal
from punctual_api.tasks.moving import lock_ahead

SAME = "This is the team whose tasks are to move: choose another one."


def hand_over_own(slug: str, *, dry_run: bool) -> dict[str, Any]:
    """Move all tasks of the team of this request to another, or return what would move.

    Raises Problem: 422 for a team that the user is not in, 403 where the user is no editor, and 409
    for what is in the way.
    """
    target = permitted(own_team_named(slug), Role.EDITOR)
    if target == team_id():
        raise invalid([Fault("/team", SAME)])
    lock_ahead(slug)
    lock_limits(target)
    teams = {team: lock_team(session(), team, stays=True) for team in sorted([team_id(), target])}
    old, new = teams[team_id()], teams[target]
    if old is None or new is None:
        raise not_found("team")
    plan = plan_handover(session(), old, new)
    obstacles = list(plan.along.obstacles)
    closed = queues_closed_to(session().connection(), target, moving=team_id())
    obstacles += [refusal(target, queue) for queue in closed]
    obstacles += refusals_of_move(target, tasks=len(plan.tasks), runs=plan.unfinished_runs)
    if len(plan.tasks) > MOST_TASKS:
        obstacles.append(f"It has more than {MOST_TASKS:,} tasks: move or delete some before.")
    if dry_run or not plan.tasks:
        changed_nothing()
    elif obstacles:
        detail = "The tasks cannot move; see errors."
        raise Problem(409, detail, faults=[Fault("/team", text) for text in obstacles[:100]])
    else:
        hand_over(session(), plan, new, now=now(), by=user_id())
        _record(old, new, plan)
    return {
        "dry_run": dry_run,
        "team": new.slug,
        "tasks": len(plan.tasks),
        "enabled_tasks": plan.enabled_tasks,
        "unfinished_runs": plan.unfinished_runs,
        "calendars": plan.along.calendars if plan.tasks else [],
        "limits": plan.along.limits if plan.tasks else [],
        "obstacles": obstacles,
        "warnings": plan.along.warnings,
    }


def _record(old: Team, new: Team, plan: Handover) -> None:
    """Record the whole in the old team, and what moved in both: one by one, or many together."""
    whole = {
        "team": new.slug,
        "tasks": len(plan.tasks),
        "calendars": plan.along.calendars,
        "limits": plan.along.limits,
    }
    record("team", old.id, old.slug, after=whole, team=old.id)
    moved = [
        (Action.TASK_UPDATE, "task", [(task.id, task.name) for task in plan.tasks]),
        (Action.CALENDAR_UPDATE, "calendar", [(row.id, row.name) for row in plan.calendars]),
        (Action.LIMIT_UPDATE, "limit", [(limit.id, limit.tag) for limit in plan.limits]),
    ]
    before, after = {"team": old.slug}, {"team": new.slug}
    for team in (old.id, new.id):
        for action, kind, rows in moved:
            if len(rows) > MOST_WITH_VALUES:
                ids = [row_id for row_id, _ in rows]
                record_many(kind, ids, before=before, after=after, team=team, action=action)
                continue
            for row_id, name in rows:
                record(kind, row_id, name, before=before, after=after, team=team, action=action)
