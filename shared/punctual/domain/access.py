"""Who may do what: the roles in a team, and what each endpoint of the API and the pages needs."""

import uuid
from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a member may do in a team; each role may do all that those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    EDITOR = "editor"
    OWNER = "owner"


RANK = {role: rank for rank, role in enumerate(Role)}


class TeamRole(NamedTuple):
    """A team that a user is in, and the user's role there."""

    team_id: uuid.UUID
    slug: str
    role: Role

    def may(self, needed: Role) -> bool:
        """Return whether this role includes the one that is needed."""
        return RANK[self.role] >= RANK[needed]


def capped(teams: tuple[TeamRole, ...], most: Role | None) -> tuple[TeamRole, ...]:
    """Return these roles, none above `most`."""
    if most is None:
        return teams
    return tuple(team._replace(role=min(team.role, most, key=RANK.__getitem__)) for team in teams)


class Through(IntEnum):
    """What a user came in by; each allows what those before it allow."""

    LIMITED_TOKEN = 0
    """An access token with a role, or of a team."""
    FULL_TOKEN = 1
    """A user's access token without a role."""
    LOGIN = 2
    """A session, or the token of a login."""


class Who(StrEnum):
    """Who may send a request at all."""

    ANYONE = "anyone"
    USER = "user"
    MEMBER = "member"
    ADMIN = "admin"


class Of(StrEnum):
    """Which team a request is about."""

    OBJECT = "object"
    """The team of the object that the address names."""
    ONE = "one"
    """The team that the request names, by default the personal one."""
    ONE_OR_INSTALLATION = "one or installation"
    """The team that the request names; none: the whole installation, which needs an admin."""
    ALL = "all"
    """Every team in which the user has the role needed, or the one that the request names."""


class Need(NamedTuple):
    """What an endpoint needs; a member needs a role in the team that the request is about."""

    who: Who
    role: Role | None = None
    of: Of | None = None
    through: Through = Through.LIMITED_TOKEN


PUBLIC = Need(Who.ANYONE)
SIGNED_IN = Need(Who.USER)
BY_FULL_TOKEN = Need(Who.USER, through=Through.FULL_TOKEN)
BY_LOGIN = Need(Who.USER, through=Through.LOGIN)
ADMIN = Need(Who.ADMIN, through=Through.FULL_TOKEN)

ADMIN_OF_TEAM = Need(Who.ADMIN, Role.OWNER, Of.OBJECT, Through.FULL_TOKEN)

SEE = Need(Who.MEMBER, Role.VIEWER, Of.OBJECT)
ACT = Need(Who.MEMBER, Role.OPERATOR, Of.OBJECT)
EDIT = Need(Who.MEMBER, Role.EDITOR, Of.OBJECT)
OWN = Need(Who.MEMBER, Role.OWNER, Of.OBJECT)

OWN_BY_LOGIN = Need(Who.MEMBER, Role.OWNER, Of.OBJECT, Through.LOGIN)

OWN_LIST = Need(Who.MEMBER, Role.OWNER, Of.ALL)
LIST = Need(Who.MEMBER, Role.VIEWER, Of.ALL)
SEE_IN_TEAM = Need(Who.MEMBER, Role.VIEWER, Of.ONE)
ACT_IN_TEAMS = Need(Who.MEMBER, Role.OPERATOR, Of.ALL)
EDIT_LIST = Need(Who.MEMBER, Role.EDITOR, Of.ALL)
EDIT_IN_TEAM = Need(Who.MEMBER, Role.EDITOR, Of.ONE)
OWN_IN_TEAM = Need(Who.MEMBER, Role.OWNER, Of.ONE)
OWN_IN_TEAM_BY_LOGIN = Need(Who.MEMBER, Role.OWNER, Of.ONE, Through.LOGIN)
INVITE = Need(Who.MEMBER, Role.OWNER, Of.ONE_OR_INSTALLATION, Through.FULL_TOKEN)
END_INVITE = Need(Who.MEMBER, Role.OWNER, Of.OBJECT, Through.FULL_TOKEN)

ACCESS: Mapping[str, Need | Mapping[str, Need]] = {
    # Without an account
    "accounts.login_by_api": PUBLIC,
    "accounts.register_by_api": PUBLIC,
    "health.healthz": PUBLIC,
    "health.readyz": PUBLIC,
    "metrics.metrics": PUBLIC,
    "pages.home": PUBLIC,
    "pages.login": PUBLIC,
    "pages.log_in_by_provider": PUBLIC,
    "pages.finish_login_by_provider": PUBLIC,
    "pages.logout": PUBLIC,
    "pages.register": PUBLIC,
    "resets.request_reset": PUBLIC,
    "resets.reset_password": PUBLIC,
    "pages.forgot_password": PUBLIC,
    "pages.request_link": PUBLIC,
    "pages.open_link": PUBLIC,
    "pages.show_reset": PUBLIC,
    "pages.choose_password": PUBLIC,
    "pages.open_invitation": PUBLIC,
    "pages.show_invitation": PUBLIC,
    "reference.docs": PUBLIC,
    "reference.openapi": PUBLIC,
    "reference.static": PUBLIC,
    "static": PUBLIC,
    # One's own account
    "accounts.logout_by_api": SIGNED_IN,
    "account.get_account": SIGNED_IN,
    "account.change_account": BY_LOGIN,
    "account.change_password": BY_LOGIN,
    "account.list_sessions": BY_LOGIN,
    "account.end_sessions": BY_LOGIN,
    "account.end_session": BY_LOGIN,
    "pages.show_account": BY_LOGIN,
    "pages.change_email": BY_LOGIN,
    "pages.change_password": BY_LOGIN,
    "pages.end_session": BY_LOGIN,
    "pages.end_other_sessions": BY_LOGIN,
    "pages.connect_identity": BY_LOGIN,
    "pages.confirm_identity": BY_LOGIN,
    "pages.disconnect_identity": BY_LOGIN,
    # Invitations
    "invites.list_invites": INVITE,
    "invites.create_invite": INVITE,
    "invites.end_invite": END_INVITE,
    "pages.accept_invitation": BY_LOGIN,
    "pages.create_invite": OWN,
    "pages.end_invite": OWN,
    # Access tokens: an access token makes none, so that none outlives its own end
    "tokens.list_tokens": OWN_IN_TEAM_BY_LOGIN,
    "tokens.create_token": OWN_IN_TEAM_BY_LOGIN,
    "tokens.end_tokens": OWN_IN_TEAM_BY_LOGIN,
    "tokens.end_token": OWN_BY_LOGIN,
    "pages.create_token": BY_LOGIN,
    "pages.create_team_token": OWN_BY_LOGIN,
    "pages.end_token": OWN_BY_LOGIN,
    # All users of the installation
    "users.list_users": ADMIN,
    "users.get_user": ADMIN,
    "users.change_user": ADMIN,
    "pages.show_users": ADMIN,
    "pages.change_user": ADMIN,
    "pages.show_invites": ADMIN,
    "pages.invite_user": ADMIN,
    # Queues, and the slots of teams, are shared out by admins
    "queues.list_queues": ADMIN,
    "queues.get_queue": ADMIN,
    "queues.replace_queue": ADMIN,
    "queues.change_queue": ADMIN,
    "pages.show_queues": ADMIN,
    "pages.change_queue": ADMIN,
    "pages.change_slots": ADMIN_OF_TEAM,
    # Teams and their members
    "teams.list_own_teams": SIGNED_IN,
    "teams.create_team": BY_FULL_TOKEN,
    "teams.get_team": SEE,
    "teams.change_team": OWN,
    "teams.delete_team": OWN,
    "teams.leave_team": SEE,
    "teams.hand_over_tasks": OWN,
    "teams.list_team_members": SEE,
    "teams.add_team_member": OWN,
    "teams.change_team_member": OWN,
    "teams.remove_team_member": OWN,
    "pages.show_teams": SIGNED_IN,
    "pages.create_team": SIGNED_IN,
    "pages.show_team": SEE,
    "pages.rename_team": OWN,
    "pages.delete_team": OWN,
    "pages.leave_team": SEE,
    "pages.hand_over": OWN,
    "pages.add_member": OWN,
    "pages.change_member": OWN,
    "pages.remove_member": OWN,
    # The audit record: a team's for its owners, an account's for its user, all for admins
    "audit.list_audit": OWN_LIST,
    "pages.show_audit": OWN_LIST,
    "pages.show_team_audit": OWN,
    # Secrets: editors choose them by name, owners decide what they are
    "secrets.list_secrets": EDIT_LIST,
    "secrets.create_secret": OWN_IN_TEAM,
    "secrets.replace_secret": OWN_IN_TEAM,
    "secrets.delete_secret": OWN_IN_TEAM,
    "pages.show_secrets": EDIT,
    "pages.create_secret": OWN,
    "pages.show_secret": OWN,
    "pages.replace_secret": OWN,
    "pages.delete_secret": OWN,
    # Tasks
    "tasks.list_own_tasks": LIST,
    "tasks.create_task": EDIT_IN_TEAM,
    "bulk.create_tasks_in_bulk": EDIT_IN_TEAM,
    "tasks.get_task": SEE,
    "tasks.replace_task": EDIT,
    "tasks.patch_task": EDIT,
    "tasks.delete_own_task": EDIT,
    "task verbs.run_task": ACT,
    "task verbs.pause_task": ACT,
    "task verbs.resume_task": ACT,
    "task verbs.list_task_runs": SEE,
    "task versions.list_task_versions": SEE,
    "task versions.get_task_version": SEE,
    "task versions.restore_task": EDIT,
    "ledger.list_task_ledger": SEE,
    "why.explain_task": SEE,
    "backfill.backfill_task": ACT,
    "crontabs.export_crontab": SEE_IN_TEAM,
    "crontabs.import_crontab": EDIT_IN_TEAM,
    "schedules.preview_schedule": SEE_IN_TEAM,
    "pages.dashboard": LIST,
    "pages.create_task": EDIT_IN_TEAM,
    "pages.show_task": SEE,
    "pages.show_versions": SEE,
    "pages.restore_version": EDIT,
    "pages.update_task": EDIT,
    "pages.delete_task_page": EDIT,
    "pages.move_task": EDIT,
    "pages.run_form": ACT,
    "pages.run_task": ACT,
    "pages.pause_task": ACT,
    "pages.pause_until": ACT,
    "pages.resume_task": ACT,
    "pages.due_times_page": SEE,
    "pages.backfill_form": ACT,
    "pages.backfill_task": ACT,
    "pages.crontab_form": EDIT_IN_TEAM,
    "pages.import_crontab_form": EDIT_IN_TEAM,
    "pages.export_crontab_page": SEE_IN_TEAM,
    # Runs
    "runs.list_own_runs": LIST,
    "runs.get_run": SEE,
    "runs.cancel_own_run": ACT,
    "runs.retry_own_run": ACT,
    "output.get_output": SEE,
    "pages.show_run": SEE,
    "pages.run_output": SEE,
    "pages.cancel_run": ACT,
    "pages.retry_run": ACT,
    # Calendars and limits
    "calendars.list_own_calendars": LIST,
    "calendars.create_calendar": EDIT_IN_TEAM,
    "calendars.get_calendar": SEE,
    "calendars.replace_calendar": EDIT,
    "calendars.delete_calendar": EDIT,
    "concurrency.list_concurrency": LIST,
    "concurrency.create_concurrency": EDIT_IN_TEAM,
    "concurrency.change_concurrency": EDIT,
    "concurrency.delete_concurrency": EDIT,
    "pages.show_calendars": LIST,
    "pages.create_calendar": EDIT_IN_TEAM,
    "pages.update_calendar": {"GET": SEE, "POST": EDIT},
    "pages.delete_calendar": EDIT,
    "pages.show_concurrency": LIST,
    "pages.create_concurrency": EDIT_IN_TEAM,
    "pages.change_concurrency": EDIT,
    "pages.delete_concurrency": EDIT,
    # Outages: each team sees its own due times in them
    "outages.list_own_outages": LIST,
    "outages.get_outage": LIST,
    "outages.backfill_own_outage": ACT_IN_TEAMS,
    "pages.show_outages": LIST,
    "pages.show_outage": LIST,
    "pages.backfill_outage_form": ACT_IN_TEAMS,
}
"""Flask's name of each endpoint; by method where one endpoint answers several differently."""


def need_of(endpoint: str, method: str) -> Need | None:
    """Return what a request needs; None for an endpoint that is not listed, which is refused.

    HEAD needs what GET needs, and OPTIONS, which answers of no object, a user at most.
    """
    needs = ACCESS.get(endpoint)
    if needs is not None and method == "OPTIONS":
        return needs if needs == PUBLIC else SIGNED_IN
    if isinstance(needs, Mapping):
        return needs.get("GET" if method == "HEAD" else method)
    return needs
