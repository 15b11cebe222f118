"""Delete a team with all that it owns; API and page call the same function."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from punctual.domain.audit.actions import Action
from punctual.store.accounts.members import list_members
from punctual.store.accounts.team_contents import KINDS, count_owned, owned_ids, owned_rows
from punctual.store.accounts.teams import delete_team, enabled_tasks, lock_tasks
from punctual.store.schema.models import Team
from punctual_api.alerts.changes import recorded_rule
from punctual_api.audit.invites import ANY_ADDRESS, invite_fields
from punctual_api.audit.recorder import MOST_WITH_VALUES, Fields, record, record_many
from punctual_api.audit.tokens import token_fields
from punctual_api.badges.changes import badge_fields
from punctual_api.calendars.endpoints import recorded_fields
from punctual_api.channels.changes import recorded_channel
from punctual_api.http.context import session
from punctual_api.http.problems import Problem
from punctual_api.secrets.changes import recorded_secret
from punctual_api.tasks.changes import values_before
from punctual_api.teams.changes import locked_team, own_team

PERSONAL = "A personal team stays as long as its user."


class _Recorded(NamedTuple):
    """How the record has one of a kind that goes with its team."""

    action: Action
    name: Callable[[Any], str | None]
    fields: Callable[[Any], Fields]


RECORDED: Mapping[str, _Recorded] = {
    "task": _Recorded(Action.TASK_DELETE, lambda task: task.name, values_before),
    "calendar": _Recorded(Action.CALENDAR_DELETE, lambda row: row.name, recorded_fields),
    "limit": _Recorded(
        Action.LIMIT_DELETE,
        lambda limit: limit.tag,
        lambda limit: {"max_concurrent": limit.max_concurrent},
    ),
    "secret": _Recorded(Action.SECRET_DELETE, lambda secret: secret.name, recorded_secret),
    "rule": _Recorded(
        Action.RULE_DELETE, lambda rule: recorded_rule(rule)["channel"], recorded_rule
    ),
    "channel": _Recorded(Action.CHANNEL_DELETE, lambda channel: channel.name, recorded_channel),
    "badge": _Recorded(Action.BADGE_END, lambda badge: badge.name, badge_fields),
    "token": _Recorded(Action.TOKEN_END, lambda token: token.name, token_fields),
    "invite": _Recorded(
        Action.INVITE_END, lambda invite: invite.email or ANY_ADDRESS, invite_fields
    ),
}


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
    _record(team)
    delete_team(session(), team)


def _record(team: Team) -> None:
    """Record what goes, one by one or many of a kind together, and last the team itself."""
    owned = count_owned(session(), team.id)
    for kind in KINDS:
        action, name, fields = RECORDED[kind]
        if owned[kind] > MOST_WITH_VALUES:
            ids = owned_ids(session(), kind, team.id)
            record_many(kind, ids, action=action, are_gone=True)
        elif owned[kind]:
            for row in owned_rows(session(), kind, team.id):
                record(kind, row.id, name(row), before=fields(row), action=action)
    members = [f"{one.username} ({one.role})" for one in list_members(session(), team.id)]
    numbers = {f"{kind}s": number for kind, number in owned.items() if number}
    before = {"slug": team.slug, "name": team.name, "members": members, **numbers}
    record("team", team.id, team.slug, before=before)
