"""The actions of the audit record, and the action of each endpoint that changes something."""

from collections.abc import Mapping
from enum import StrEnum


class Action(StrEnum):
    """What was done."""

    TASK_CREATE = "task.create"
    TASK_UPDATE = "task.update"
    TASK_DELETE = "task.delete"
    TASK_RESTORE = "task.restore"
    TASK_RUN = "task.run"
    TASK_PAUSE = "task.pause"
    TASK_RESUME = "task.resume"
    TASK_SNOOZE = "task.snooze"
    TASK_BACKFILL = "task.backfill"
    RUN_CANCEL = "run.cancel"
    RUN_RETRY = "run.retry"
    OUTAGE_BACKFILL = "outage.backfill"
    CALENDAR_CREATE = "calendar.create"
    CALENDAR_UPDATE = "calendar.update"
    CALENDAR_DELETE = "calendar.delete"
    LIMIT_CREATE = "limit.create"
    LIMIT_UPDATE = "limit.update"
    LIMIT_DELETE = "limit.delete"
    QUEUE_UPDATE = "queue.update"
    TEAM_CREATE = "team.create"
    TEAM_UPDATE = "team.update"
    TEAM_DELETE = "team.delete"
    TEAM_HANDOVER = "team.handover"
    MEMBER_ADD = "member.add"
    MEMBER_UPDATE = "member.update"
    MEMBER_REMOVE = "member.remove"
    USER_CREATE = "user.create"
    USER_UPDATE = "user.update"
    USER_CHANGE_PASSWORD = "user.change_password"
    USER_REQUEST_RESET = "user.request_reset"
    USER_RESET_PASSWORD = "user.reset_password"
    USER_LOGIN = "user.login"
    USER_LOGIN_FAILED = "user.login_failed"
    USER_LOGOUT = "user.logout"
    SESSION_END = "session.end"
    IDENTITY_CONNECT = "identity.connect"
    IDENTITY_DISCONNECT = "identity.disconnect"
    SECRET_CREATE = "secret.create"
    SECRET_UPDATE = "secret.update"
    SECRET_DELETE = "secret.delete"
    CHANNEL_CREATE = "channel.create"
    CHANNEL_UPDATE = "channel.update"
    CHANNEL_DELETE = "channel.delete"
    CHANNEL_TEST = "channel.test"
    RULE_CREATE = "rule.create"
    RULE_UPDATE = "rule.update"
    RULE_DELETE = "rule.delete"
    DELIVERY_RETRY = "delivery.retry"
    TOKEN_CREATE = "token.create"
    TOKEN_END = "token.end"
    BADGE_CREATE = "badge.create"
    BADGE_END = "badge.end"
    FEED_CREATE = "feed.create"
    FEED_END = "feed.end"
    HOOK_CREATE = "hook.create"
    HOOK_END = "hook.end"
    INVITE_CREATE = "invite.create"
    INVITE_ACCEPT = "invite.accept"
    INVITE_END = "invite.end"


ACTIONS: Mapping[str, Action | None] = {
    # Accounts
    "accounts.register_by_api": Action.USER_CREATE,
    "accounts.login_by_api": Action.USER_LOGIN,
    "accounts.logout_by_api": Action.USER_LOGOUT,
    "pages.register": Action.USER_CREATE,
    "pages.login": Action.USER_LOGIN,
    "pages.logout": Action.USER_LOGOUT,
    # Recorded later, and only if there is such an account
    "resets.request_reset": None,
    "pages.request_link": None,
    "resets.reset_password": Action.USER_RESET_PASSWORD,
    "pages.choose_password": Action.USER_RESET_PASSWORD,
    "account.change_account": Action.USER_UPDATE,
    "account.change_password": Action.USER_CHANGE_PASSWORD,
    "account.end_session": Action.SESSION_END,
    "account.end_sessions": Action.SESSION_END,
    "pages.change_email": Action.USER_UPDATE,
    "pages.change_password": Action.USER_CHANGE_PASSWORD,
    "pages.end_session": Action.SESSION_END,
    "pages.end_other_sessions": Action.SESSION_END,
    "users.change_user": Action.USER_UPDATE,
    "pages.change_user": Action.USER_UPDATE,
    "pages.confirm_identity": Action.IDENTITY_CONNECT,
    "pages.disconnect_identity": Action.IDENTITY_DISCONNECT,
    # Access tokens and invitations
    "tokens.create_token": Action.TOKEN_CREATE,
    "tokens.end_token": Action.TOKEN_END,
    "tokens.end_tokens": Action.TOKEN_END,
    "pages.create_token": Action.TOKEN_CREATE,
    "pages.create_team_token": Action.TOKEN_CREATE,
    "pages.end_token": Action.TOKEN_END,
    "badges.create_badge": Action.BADGE_CREATE,
    "badges.end_badge": Action.BADGE_END,
    "pages.create_badge": Action.BADGE_CREATE,
    "pages.end_badge": Action.BADGE_END,
    "feeds.create_feed": Action.FEED_CREATE,
    "feeds.end_feed": Action.FEED_END,
    "pages.create_feed": Action.FEED_CREATE,
    "pages.end_feed": Action.FEED_END,
    "invites.create_invite": Action.INVITE_CREATE,
    "invites.end_invite": Action.INVITE_END,
    "pages.create_invite": Action.INVITE_CREATE,
    "pages.invite_user": Action.INVITE_CREATE,
    "pages.accept_invitation": Action.INVITE_ACCEPT,
    "pages.end_invite": Action.INVITE_END,
    # Queues and slots
    "queues.replace_queue": Action.QUEUE_UPDATE,
    "queues.change_queue": Action.QUEUE_UPDATE,
    "pages.change_queue": Action.QUEUE_UPDATE,
    "pages.show_queues": Action.QUEUE_UPDATE,
    "pages.change_slots": Action.TEAM_UPDATE,
    # Teams and their members
    "teams.create_team": Action.TEAM_CREATE,
    "teams.change_team": Action.TEAM_UPDATE,
    "teams.delete_team": Action.TEAM_DELETE,
    "teams.hand_over_tasks": Action.TEAM_HANDOVER,
    "teams.leave_team": Action.MEMBER_REMOVE,
    "teams.add_team_member": Action.MEMBER_ADD,
    "teams.change_team_member": Action.MEMBER_UPDATE,
    "teams.remove_team_member": Action.MEMBER_REMOVE,
    "pages.create_team": Action.TEAM_CREATE,
    "pages.rename_team": Action.TEAM_UPDATE,
    "pages.delete_team": Action.TEAM_DELETE,
    "pages.hand_over": Action.TEAM_HANDOVER,
    "pages.leave_team": Action.MEMBER_REMOVE,
    "pages.add_member": Action.MEMBER_ADD,
    "pages.change_member": Action.MEMBER_UPDATE,
    "pages.remove_member": Action.MEMBER_REMOVE,
    # Secrets
    "secrets.create_secret": Action.SECRET_CREATE,
    "secrets.replace_secret": Action.SECRET_UPDATE,
    "secrets.delete_secret": Action.SECRET_DELETE,
    "pages.create_secret": Action.SECRET_CREATE,
    "pages.replace_secret": Action.SECRET_UPDATE,
    "pages.delete_secret": Action.SECRET_DELETE,
    # Alerts
    "channels.create_channel": Action.CHANNEL_CREATE,
    "channels.change_channel": Action.CHANNEL_UPDATE,
    "channels.delete_channel": Action.CHANNEL_DELETE,
    "channels.test_channel": Action.CHANNEL_TEST,
    "alerts.create_alert": Action.RULE_CREATE,
    "alerts.change_alert": Action.RULE_UPDATE,
    "alerts.delete_alert": Action.RULE_DELETE,
    "deliveries.retry_delivery": Action.DELIVERY_RETRY,
    "pages.create_channel": Action.CHANNEL_CREATE,
    "pages.create_channel_of_installation": Action.CHANNEL_CREATE,
    "pages.change_channel": Action.CHANNEL_UPDATE,
    "pages.change_channel_of_installation": Action.CHANNEL_UPDATE,
    "pages.test_channel": Action.CHANNEL_TEST,
    "pages.test_channel_of_installation": Action.CHANNEL_TEST,
    "pages.delete_channel": Action.CHANNEL_DELETE,
    "pages.delete_channel_of_installation": Action.CHANNEL_DELETE,
    "pages.create_rule": Action.RULE_CREATE,
    "pages.create_rule_of_installation": Action.RULE_CREATE,
    "pages.change_rule": Action.RULE_UPDATE,
    "pages.change_rule_of_installation": Action.RULE_UPDATE,
    "pages.delete_rule": Action.RULE_DELETE,
    "pages.delete_rule_of_installation": Action.RULE_DELETE,
    "pages.retry_delivery": Action.DELIVERY_RETRY,
    "pages.retry_delivery_of_installation": Action.DELIVERY_RETRY,
    # Tasks
    "tasks.create_task": Action.TASK_CREATE,
    "bulk.create_tasks_in_bulk": Action.TASK_CREATE,
    "tasks.replace_task": Action.TASK_UPDATE,
    "tasks.patch_task": Action.TASK_UPDATE,
    "tasks.delete_own_task": Action.TASK_DELETE,
    "task versions.restore_task": Action.TASK_RESTORE,
    "task verbs.run_task": Action.TASK_RUN,
    "hooks.create_hook": Action.HOOK_CREATE,
    "hooks.end_hook": Action.HOOK_END,
    "hook calls.run_by_hook": Action.TASK_RUN,
    "task verbs.pause_task": Action.TASK_PAUSE,
    "task verbs.resume_task": Action.TASK_RESUME,
    "task verbs.snooze_task": Action.TASK_SNOOZE,
    "backfill.backfill_task": Action.TASK_BACKFILL,
    "crontabs.import_crontab": Action.TASK_CREATE,
    "schedules.preview_schedule": None,
    "pages.create_task": Action.TASK_CREATE,
    "pages.update_task": Action.TASK_UPDATE,
    "pages.delete_task_page": Action.TASK_DELETE,
    "pages.move_task": Action.TASK_UPDATE,
    "pages.restore_version": Action.TASK_RESTORE,
    "pages.run_task": Action.TASK_RUN,
    "pages.create_hook": Action.HOOK_CREATE,
    "pages.end_hook": Action.HOOK_END,
    "pages.pause_task": Action.TASK_PAUSE,
    "pages.pause_until": Action.TASK_PAUSE,
    "pages.resume_task": Action.TASK_RESUME,
    "pages.snooze_task": Action.TASK_SNOOZE,
    "pages.snooze_by_alert": Action.TASK_SNOOZE,
    "pages.retry_by_alert": Action.RUN_RETRY,
    "pages.backfill_task": Action.TASK_BACKFILL,
    "pages.import_crontab_form": Action.TASK_CREATE,
    # Runs
    "runs.cancel_own_run": Action.RUN_CANCEL,
    "runs.retry_own_run": Action.RUN_RETRY,
    "pages.cancel_run": Action.RUN_CANCEL,
    "pages.retry_run": Action.RUN_RETRY,
    # Calendars, limits and outages
    "calendars.create_calendar": Action.CALENDAR_CREATE,
    "calendars.replace_calendar": Action.CALENDAR_UPDATE,
    "calendars.delete_calendar": Action.CALENDAR_DELETE,
    "concurrency.create_concurrency": Action.LIMIT_CREATE,
    "concurrency.change_concurrency": Action.LIMIT_UPDATE,
    "concurrency.delete_concurrency": Action.LIMIT_DELETE,
    "pages.create_calendar": Action.CALENDAR_CREATE,
    "pages.update_calendar": Action.CALENDAR_UPDATE,
    "pages.delete_calendar": Action.CALENDAR_DELETE,
    "pages.create_concurrency": Action.LIMIT_CREATE,
    "pages.change_concurrency": Action.LIMIT_UPDATE,
    "pages.delete_concurrency": Action.LIMIT_DELETE,
    "outages.backfill_own_outage": Action.OUTAGE_BACKFILL,
    "pages.backfill_outage_form": Action.OUTAGE_BACKFILL,
}
"""The action of each endpoint that takes POST, PUT, PATCH or DELETE; None: it changes nothing."""

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def action_of(endpoint: str | None, method: str) -> Action | None:
    """Return what a request does that is to be recorded; None when it changes nothing."""
    if endpoint is None or method not in CHANGING:
        return None
    return ACTIONS.get(endpoint)
