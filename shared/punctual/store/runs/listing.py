"""Find runs, list them newest first, and list their attempts."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session, defer

from punctual.domain.runs.states import RunState
from punctual.store.accounts.team_pages import newest_ids
from punctual.store.schema.models import Attempt, LiveOutput, Output, Run


class Position(NamedTuple):
    """The end of a page of runs."""

    scheduled_for: datetime
    run_id: uuid.UUID


def find_run(session: Session, run_id: uuid.UUID, *, team_id: uuid.UUID) -> Run | None:
    """Return the team's run, or None."""
    statement = select(Run).where(Run.id == run_id, Run.team_id == team_id)
    return session.scalars(
        statement.options(defer(Run.spec)).execution_options(populate_existing=True)
    ).one_or_none()


def list_runs(
    session: Session,
    *,
    team_ids: Sequence[uuid.UUID],
    page_size: int,
    before: Position | None = None,
    state: str | None = None,
    task_id: uuid.UUID | None = None,
    since: datetime | None = None,
) -> list[Run]:
    """Return at most `page_size` runs of the teams, newest due time first, after `before`.

    `since` leaves out what was scheduled for an earlier instant. Runs that an edit or a pause
    withdrew before they were due are no history, and are left out too.
    """
    wanted: list[ColumnElement[bool]] = [~Run.superseded]
    if before is not None:
        wanted.append(tuple_(Run.scheduled_for, Run.id) < tuple_(*before))
    if state is not None:
        wanted.append(Run.state == state)
    if task_id is not None:
        wanted.append(Run.task_id == task_id)
    if since is not None:
        wanted.append(Run.scheduled_for >= since)
    runs = select(Run).options(defer(Run.spec)).order_by(Run.scheduled_for.desc(), Run.id.desc())
    if len(team_ids) == 1:
        wanted.append(Run.team_id == team_ids[0])
        return list(session.scalars(runs.where(*wanted).limit(page_size)))
    newest = newest_ids(
        team_ids,
        lambda team: select(Run.id, Run.scheduled_for).where(Run.team_id == team, *wanted),
        newest_by=["scheduled_for", "id"],
        page_size=page_size,
    )
    return list(session.scalars(runs.where(Run.id.in_(session.scalars(newest).all()))))


def attempts_of(session: Session, run: Run) -> list[dict[str, Any]]:
    """Return every attempt of the run in order, a running one included."""
    ended: Sequence[Attempt] = session.scalars(
        select(Attempt).where(Attempt.run_id == run.id).order_by(Attempt.attempt)
    ).all()
    documents = [{name: getattr(attempt, name) for name in ATTEMPT_FIELDS} for attempt in ended]
    if run.state == RunState.RUNNING:
        now = {name: getattr(run, name) for name in ATTEMPT_FIELDS if name != "late"}
        documents = [one for one in documents if one["attempt"] != run.attempt] + [
            {**now, "late": False}
        ]
    return documents


ATTEMPT_FIELDS = (
    "attempt",
    "state",
    "started_at",
    "finished_at",
    "lateness_ms",
    "exit_code",
    "signal",
    "reason",
    "reason_code",
    "reason_args",
    "worker",
    "output_bytes",
    "output_truncated",
    "left_behind",
    "late",
)


def find_output(session: Session, run_id: uuid.UUID, attempt: int | None = None) -> Output | None:
    """Return the output of that attempt, or of the last one that wrote any."""
    statement = select(Output).where(Output.run_id == run_id).order_by(Output.attempt.desc())
    if attempt is not None:
        statement = statement.where(Output.attempt == attempt)
    return session.scalars(statement.limit(1)).one_or_none()


def is_truncated(session: Session, output: Output | LiveOutput) -> bool:
    """Return whether an attempt that has ended wrote more than is stored, or may have."""
    query = select(Attempt.output_truncated).where(
        Attempt.run_id == output.run_id, Attempt.attempt == output.attempt
    )
    return bool(session.scalars(query).one_or_none())


def bytes_written(session: Session, run: Run, attempt: int) -> int:
    """Return how many bytes that attempt wrote, those that were not stored included."""
    written = session.scalars(
        select(Attempt.output_bytes).where(Attempt.run_id == run.id, Attempt.attempt == attempt)
    ).one_or_none()
    if written is not None:
        return written
    return run.output_bytes if attempt == run.attempt else 0
