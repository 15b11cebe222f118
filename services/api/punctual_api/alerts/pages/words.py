"""Events and channels in the words of pages."""

from collections.abc import Mapping

from punctual.domain.alerts.channels import ChannelKind
from punctual.domain.alerts.events import EventKind

E = EventKind

EVENTS: Mapping[EventKind, str] = {
    E.FAILED: "it failed, after its last retry",
    E.RECOVERED: "it is ok again",
    E.LATE: "it should have started, and has not",
    E.MISSED: "a due time passed without a run",
    E.LOST: "its worker was lost while it ran",
    E.PLAN_ERROR: "its schedule cannot be planned",
    E.OUTAGE: "an outage of Punctual hit tasks",
    E.SLOW: "it took much longer than normal",
    E.FAST: "it took much less time than normal",
    E.SILENT: "it wrote much less output than normal",
    E.CHANNEL_FAILING: "a channel does not deliver",
    E.UNSERVED_QUEUE: "no worker serves a queue",
    E.COORDINATORS_STOPPED: "no coordinator is working",
    E.DATABASE_FULL: "the database is nearly full",
}

BY_DEFAULT = (E.FAILED, E.RECOVERED, E.LATE, E.MISSED, E.LOST, E.PLAN_ERROR, E.OUTAGE)

KINDS: Mapping[ChannelKind, str] = {
    ChannelKind.EMAIL: "Mail",
    ChannelKind.WEBHOOK: "Webhook",
    ChannelKind.APPRISE: "Chat or pager",
}

EXAMPLES = (
    ("Slack", "https://hooks.slack.com/services/T…/B…/…"),
    ("Microsoft Teams", "workflows://HOST:443/WORKFLOW/SIGNATURE/"),
    ("Discord", "https://discord.com/api/webhooks/ID/TOKEN"),
    ("ntfy", "ntfys://ntfy.sh/TOPIC"),
    ("Telegram", "tgram://BOT_TOKEN/CHAT_ID"),
    ("PagerDuty", "pagerduty://INTEGRATION_KEY@API_KEY"),
    ("Opsgenie", "opsgenie://API_KEY"),
)
"""Addresses as Apprise takes them."""
