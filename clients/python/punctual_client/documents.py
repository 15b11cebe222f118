"""What the API answers, as types: a later release may add fields, which are there as well."""

from typing import Any, Literal, NotRequired, TypedDict

Document = dict[str, Any]
"""JSON as it is sent: what a task, a calendar or a schedule may have is in the API's reference."""

RunState = Literal[
    "scheduled",
    "queued",
    "claimed",
    "running",
    "succeeded",
    "failed",
    "timed_out",
    "cancelled",
    "lost",
    "missed",
    "skipped",
]
FINAL: frozenset[str] = frozenset(
    {"succeeded", "failed", "timed_out", "cancelled", "lost", "missed", "skipped"}
)
Role = Literal["viewer", "operator", "editor", "owner"]


class Attempt(TypedDict):
    """One start of a run's command."""

    attempt: int
    state: str
    started_at: str | None
    finished_at: str | None
    lateness_ms: float | None
    exit_code: int | None
    signal: int | None
    reason: str | None
    worker: str | None
    output_bytes: int


class Run(TypedDict):
    """A run; `attempts` only where one run is read."""

    id: str
    task_id: str
    team: str | None
    state: RunState
    scheduled_for: str
    trigger: str
    triggered_by: str | None
    attempt: int
    max_attempts: int
    params: Document | None
    started_at: str | None
    finished_at: str | None
    lateness_ms: float | None
    exit_code: int | None
    signal: int | None
    reason: str | None
    reason_code: str | None
    waiting_for: Document | None
    worker: str | None
    queue: str
    output_bytes: int
    output_truncated: bool
    attempts: NotRequired[list[Attempt]]


class Task(TypedDict):
    """A task as it is answered."""

    id: str
    team: str
    name: str
    command: str | None
    script: Document | None
    http: Document | None
    schedule: Any
    params: list[Document] | None
    status: str
    enabled: bool
    paused_until: str | None
    next_run_at: str | None
    last_run: Run | None
    tags: list[str]
    calendars: list[str] | None
    warnings: list[str]
    version: int
    created_at: str
    created_by: str | None
    updated_at: str
    updated_by: str | None


class Why(TypedDict):
    """What became of a due time, in a sentence."""

    at: str
    due_time: str | None
    verdict: str
    sentence: str
    run: Run | None
    next_due_time: str | None


class Preview(TypedDict):
    """A schedule in words, and when it is due next."""

    description: str
    next: list[str]
    warnings: list[str]


class Backfill(TypedDict):
    """Due times without a start, and the runs that were made for them."""

    dry_run: bool
    due: list[str]
    runs: list[str]
    next_from: str | None


class CrontabLine(TypedDict):
    """What one line of a crontab becomes."""

    line: int
    text: str
    kind: Literal["entry", "variable", "comment", "blank", "fault"]
    notes: list[str]
    task: Document | None
    task_id: str | None


class CrontabReport(TypedDict):
    """What a crontab becomes, line by line."""

    dry_run: bool
    entries: int
    faults: int
    lines: list[CrontabLine]


class Login(TypedDict):
    """A token, and when it ends."""

    token: str
    expires_at: str


class Account(TypedDict):
    """One's own account."""

    id: str
    username: str
    email: str
    is_admin: bool
    created_at: str


class Team(TypedDict):
    """A team, with the role of the user who requests it."""

    id: str
    slug: str
    name: str
    personal: bool
    role: Role
    created_at: str


class Member(TypedDict):
    """A member of a team."""

    username: str
    role: Role
    created_at: str


class Secret(TypedDict):
    """A secret without its value."""

    name: str
    team: str
    key: str
    created_at: str
    updated_at: str
    updated_by: str | None
    used_by: list[Document]


class AccessToken(TypedDict):
    """An access token; `token` only in the answer that creates it."""

    id: str
    name: str
    role: Role | None
    team: str | None
    created_by: str | None
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    token: NotRequired[str]


class Queue(TypedDict):
    """A queue with the workers that serve it."""

    name: str
    is_closed: bool
    teams: list[str]
    workers: list[str]
    slots: int
    refused: int
