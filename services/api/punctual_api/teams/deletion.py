"""Delete a team with all that it owns; API and page call the same function."""

from punctual.store.accounts.teams import delete_team, enabled_tasks, lock_tasks
from punctual_api.audit.recorder import record
from punctual_api.http.context import session
from punctual_api.http.problems import Problem
from punctual_api.teams.changes import locked_team, own_team

PERSONAL = "A personal team stays as long as its user."


def obstacle() -> str | None:
    """Return why the team of this request cannot be deleted; None when it can."""
    team = own_team()
    if team.personal:
        return PERSONAL
    if count := enabled_tasks(session(), team.id):
        tasks = "a task that is" if count == 1 else f"{count:,} tasks that are"
        return f"It has {tasks} enabled or running: delete, move or pause them before."
    return None


def delete_own() -> None:
    """Delete the team of this request with all that it owns; raises Problem 409."""
    team = locked_team()
    lock_tasks(session(), team.id)
    if detail := obstacle():
        raise Problem(409, detail)
    record("team", team.id, team.slug, before={"slug": team.slug, "name": team.name})
    delete_team(session(), team)
