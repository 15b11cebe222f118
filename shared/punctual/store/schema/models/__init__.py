"""The tables, one file per noun; plain SQLAlchemy, so that every service can share them."""

from punctual.store.schema.models.alerts.answers import AlertLink, TaskSnooze
from punctual.store.schema.models.alerts.channels import AlertChannel, AlertRule
from punctual.store.schema.models.alerts.deliveries import (
    AlertAttempt,
    AlertDelivery,
    AlertDeliveryEvent,
    AlertEscalation,
    AlertReport,
)
from punctual.store.schema.models.alerts.events import AlertEvent
from punctual.store.schema.models.anomalies import RunAnomaly, TaskNorms, UnjudgedRuns
from punctual.store.schema.models.audit import AuditEvent
from punctual.store.schema.models.calendars import CalendarRow
from punctual.store.schema.models.concurrency import ConcurrencyLimit, SlotDefault, TeamWait
from punctual.store.schema.models.health import TaskHealth
from punctual.store.schema.models.identities import Identity
from punctual.store.schema.models.invites import Invite
from punctual.store.schema.models.ledger import LedgerRow
from punctual.store.schema.models.links import Link
from punctual.store.schema.models.model import Model
from punctual.store.schema.models.outages import CoordinatorStop, DatabaseSilence, LastPass, Outage
from punctual.store.schema.models.processes import Coordinator, Worker
from punctual.store.schema.models.punctuality import Punctuality, StartTally
from punctual.store.schema.models.queues import Queue
from punctual.store.schema.models.resets import PasswordReset
from punctual.store.schema.models.runs import Attempt, LiveOutput, Output, Run
from punctual.store.schema.models.secrets import Secret, TaskSecret
from punctual.store.schema.models.tasks import IdempotencyKey, Task
from punctual.store.schema.models.teams import Membership, Team
from punctual.store.schema.models.upstreams import UpstreamEnd
from punctual.store.schema.models.uptime import DatabaseUptime
from punctual.store.schema.models.users import AccessToken, ApiToken, User, UserSession
from punctual.store.schema.models.versions import TaskVersion
from punctual.store.schema.models.zones import ZoneRules

__all__ = [
    "AccessToken",
    "AlertAttempt",
    "AlertChannel",
    "AlertDelivery",
    "AlertDeliveryEvent",
    "AlertEscalation",
    "AlertEvent",
    "AlertLink",
    "AlertReport",
    "AlertRule",
    "ApiToken",
    "Attempt",
    "AuditEvent",
    "CalendarRow",
    "ConcurrencyLimit",
    "Coordinator",
    "CoordinatorStop",
    "DatabaseSilence",
    "DatabaseUptime",
    "IdempotencyKey",
    "Identity",
    "Invite",
    "LastPass",
    "LedgerRow",
    "Link",
    "LiveOutput",
    "Membership",
    "Model",
    "Outage",
    "Output",
    "PasswordReset",
    "Punctuality",
    "Queue",
    "Run",
    "RunAnomaly",
    "Secret",
    "SlotDefault",
    "StartTally",
    "Task",
    "TaskHealth",
    "TaskNorms",
    "TaskSecret",
    "TaskSnooze",
    "TaskVersion",
    "Team",
    "TeamWait",
    "UnjudgedRuns",
    "UpstreamEnd",
    "User",
    "UserSession",
    "Worker",
    "ZoneRules",
]
