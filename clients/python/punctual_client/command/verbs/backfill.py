"""`backfill`: run due times that never had a start."""

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

import typer

from punctual_client.client import Client
from punctual_client.command.lookup import task_named
from punctual_client.command.moments import local, read_moment
from punctual_client.command.opening import opened_client
from punctual_client.command.options import DryRun, Output, Quiet, TaskName, Team, Yes
from punctual_client.command.progress import progress
from punctual_client.command.questions import confirm
from punctual_client.command.shown import Form, note, show_done, write
from punctual_client.documents import Task

SHOWN = 10
PER_REQUEST = 200
"""So that progress is seen, and no request is long."""


def backfill(
    task: TaskName,
    start: Annotated[
        str, typer.Option("--from", metavar="TIME", help="As '2026-11-01', or 2d for ago.")
    ],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="Included; now.")] = "now",
    dry_run: DryRun = False,
    yes: Yes = False,
    team: Team = None,
    output: Output = Form.TABLE,
    quiet: Quiet = False,
) -> None:
    """Run past due times that had no start."""
    now = datetime.now(UTC)
    first, last = (read_moment(text, now=now, forward=False) for text in (start, end))
    with opened_client() as client:
        found = task_named(client, task, team=team)
        due = _missing(client, found, first, last)
        if due and not dry_run:
            if output is Form.TABLE and not quiet:
                note(_listed(due))
            confirm(f"Run {found['name']!r} {len(due)} times?", yes=yes)
        made = [] if dry_run or not due else _run(client, found, first, last, len(due))
    answer = {"id": found["id"], "dry_run": dry_run, "due": due, "runs": made}
    if quiet:
        for run_id in made:
            write(f"{run_id}\n")
        return
    if not due:
        sentence = "No due time without a start."
    elif dry_run:
        sentence = _listed(due)
    else:
        sentence = f"{len(made)} runs have been ordered."
    if output is Form.TABLE:
        write(f"{sentence}\n")
    else:
        show_done(answer, sentence, form=output, quiet=False)


def _missing(client: Client, task: Task, first: str, last: str) -> list[str]:
    found: list[str] = []
    with progress("Looking for due times", None) as advance:
        for page in client.backfill(task["id"], start=first, end=last, dry_run=True):
            found += page["due"]
            advance(len(page["due"]))
    return found


def _run(client: Client, task: Task, first: str, last: str, count: int) -> list[str]:
    made: list[str] = []
    with progress("Ordering runs", count) as advance:
        for page in client.backfill(
            task["id"], start=first, end=last, dry_run=False, limit=PER_REQUEST
        ):
            made += page["runs"]
            advance(len(page["runs"]))
    return made


def _listed(due: list[str]) -> str:
    lines = [f"{len(due)} due times without a start:"]
    lines += [f"  {local(at)}" for at in islice(due, SHOWN)]
    if len(due) > SHOWN:
        lines.append(f"  … the last one {local(due[-1])}")
    return "\n".join(lines)


VERBS = (backfill,)
