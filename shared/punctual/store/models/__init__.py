"""The tables, one file per noun; plain SQLAlchemy, so that every service can share them."""

from punctual.store.models.calendars import CalendarRow
from punctual.store.models.concurrency import ConcurrencyLimit
from punctual.store.models.ledger import LedgerRow
from punctual.store.models.model import Model
from punctual.store.models.outages import CoordinatorStop, LastPass, Outage
from punctual.store.models.processes import Coordinator, Worker
from punctual.store.models.punctuality import Punctuality, StartTally
from punctual.store.models.runs import Attempt, LiveOutput, Output, Run
from punctual.store.models.tasks import IdempotencyKey, Task
from punctual.store.models.upstreams import UpstreamEnd
from punctual.store.models.uptime import DatabaseUptime
from punctual.store.models.users import ApiToken, User, UserSession
from punctual.store.models.zones import ZoneRules

__all__ = [
    "ApiToken",
    "Attempt",
    "CalendarRow",
    "ConcurrencyLimit",
    "Coordinator",
    "CoordinatorStop",
    "DatabaseUptime",
    "IdempotencyKey",
    "LastPass",
    "LedgerRow",
    "LiveOutput",
    "Model",
    "Outage",
    "Output",
    "Punctuality",
    "Run",
    "StartTally",
    "Task",
    "UpstreamEnd",
    "User",
    "UserSession",
    "Worker",
    "ZoneRules",
]
