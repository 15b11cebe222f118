"""What happened, as plain data: what was promised, what the commands say, what was seen."""

from dataclasses import dataclass, field

from punctual.domain.runs.states import FINAL
from tests.faults.system.journal import JournalLine


@dataclass(frozen=True, slots=True)
class Promise:
    """A due time that the product has accepted; `due` in seconds since 1970."""

    task_id: str
    due: float
    may_be_dropped: bool = False  # its task's policies allow a named reason instead of a start


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run's row at the end."""

    id: str
    task_id: str
    state: str
    trigger: str
    scheduled_for: float
    attempt: int
    max_attempts: int
    fence: int
    overlap: str
    reason: str | None

    @property
    def is_final(self) -> bool:
        """Whether nothing more may happen to it."""
        return self.state in FINAL


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An ended attempt's row at the end."""

    run_id: str
    attempt: int
    fence: int
    state: str
    due_at: float


@dataclass(frozen=True, slots=True)
class Sight:
    """A run as it was seen at an instant, kept when it differed from the last look at it."""

    at: float
    run_id: str
    task_id: str
    state: str
    attempt: int
    fence: int


@dataclass(slots=True)
class Living:
    """A process of an attempt, and between which two looks it was seen alive."""

    run_id: str
    attempt: int
    pid: int
    first: float
    last: float


@dataclass(slots=True)
class History:
    """Everything that the checker judges.

    `late_by`: seconds after its due time within which each promised run has to start.
    `grace`: seconds a command is given between TERM and KILL.
    """

    promises: list[Promise]
    runs: list[RunRow]
    attempts: list[AttemptRow]
    lines: list[JournalLine]
    sights: list[Sight] = field(default_factory=list)
    living: list[Living] = field(default_factory=list)
    late_by: float = 45.0
    grace: float = 10.0
    keeps: bool = False  # ON_LEASE_LOSS=keep: a worker may go on with what was taken from it

    def starts(self) -> list[JournalLine]:
        """The starts in the commands' own log, in order of time."""
        return sorted((x for x in self.lines if x.kind == "start"), key=lambda x: x.at)

    def runs_of(self, task_id: str) -> list[RunRow]:
        """The runs of one task."""
        return [run for run in self.runs if run.task_id == task_id]
