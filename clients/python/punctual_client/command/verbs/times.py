"""Due times: `next` and `why`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from punctual_client.command.lookup import task_named
from punctual_client.command.moments import distance, local, read_moment
from punctual_client.command.opening import opened_client
from punctual_client.command.options import Limit, Output, Quiet, TaskName, Team, limit_of
from punctual_client.command.schedules import due_times, schedule_text, words_of
from punctual_client.command.shown import Column, Form, printable, show_done, show_list, write

NEXT_COLUMNS = (
    Column("due", lambda one: one["due"], is_time=True),
    Column("at", lambda one: local(one["due"])),
    Column("task", lambda one: one["name"], is_long=True),
    Column("schedule", lambda one: schedule_text(one["schedule"]), is_long=True),
)


def next_(
    task: Annotated[
        str | None, typer.Argument(metavar="[TASK]", help="A task; by default all that you see.")
    ] = None,
    team: Team = None,
    limit: Limit = 5,
    output: Output = Form.TABLE,
    quiet: Quiet = False,
) -> None:
    """Show when a task is due next, in words.

    Without a task: which ones are due next.
    """
    with opened_client() as client:
        if task is None:
            coming = [
                {"id": one["id"], "due": due, "name": one["name"], "schedule": one["schedule"]}
                for one in client.tasks(team=team)
                if (due := one["next_run_at"]) is not None
            ]
            coming.sort(key=lambda one: datetime.fromisoformat(str(one["due"])))
            show_list(coming, NEXT_COLUMNS, form=output, quiet=quiet, most=limit_of(limit))
            return
        found = task_named(client, task, team=team)
        times = due_times(client, found, limit or 100)
        sentence = words_of(client, found)
    answer = {"id": found["id"], "name": found["name"], "due": times, "description": sentence}
    if output is not Form.TABLE or quiet:
        show_done(answer, sentence, form=output, quiet=quiet)
        return
    write(f"{printable(found['name'])}: {sentence}\n")
    if not found["enabled"]:
        write("It is paused: resume it with punctual resume.\n")
    for at in times:
        write(f"  {local(at)}  {distance(at, now=datetime.now(UTC))}\n")


def why(
    task: TaskName,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="About when; 2h is two hours ago.")
    ] = None,
    team: Team = None,
    output: Output = Form.TABLE,
    quiet: Quiet = False,
) -> None:
    """Explain what became of a due time, and why."""
    moment = None if at is None else read_moment(at, now=datetime.now(UTC), forward=False)
    with opened_client() as client:
        found = task_named(client, task, team=team)
        answer = client.why(found["id"], at=moment)
    document = {"id": answer["run"]["id"] if answer["run"] else "", **answer}
    show_done(document, answer["sentence"], form=output, quiet=quiet)


VERBS = (why,)
