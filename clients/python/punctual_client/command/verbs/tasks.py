"""Tasks: `add`, `ls`, `show`, `rm`, `pause`, `resume`."""

import shlex
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from punctual_client.command.lookup import task_named
from punctual_client.command.moments import local, read_duration, read_moment, read_zone
from punctual_client.command.opening import opened_client
from punctual_client.command.options import Limit, Output, Quiet, TaskName, Team, Yes, limit_of
from punctual_client.command.questions import confirm
from punctual_client.command.refusals import Refusal
from punctual_client.command.schedules import schedule_text, words_of
from punctual_client.command.shown import Column, Form, note, show_done, show_list, show_one
from punctual_client.documents import Document, Task


def last_state(task: Any) -> str | None:
    """Return the state of a task's last run."""
    run = task["last_run"]
    return None if run is None else str(run["state"])


LISTED = (
    Column("id", lambda task: task["id"], plain_only=True),
    Column("name", lambda task: task["name"], is_long=True),
    Column("status", lambda task: task["status"]),
    Column("health", lambda task: task.get("health")),
    Column("last run", last_state),
    Column("next run", lambda task: task["next_run_at"], is_time=True),
    Column("schedule", lambda task: schedule_text(task["schedule"]), is_long=True),
    Column("team", lambda task: task["team"]),
)
SHOWN = (
    Column("name", lambda task: task["name"]),
    Column("id", lambda task: task["id"]),
    Column("team", lambda task: task["team"]),
    Column("status", lambda task: task["status"]),
    Column("health", lambda task: task.get("health")),
    Column("command", lambda task: task["command"]),
    Column("script", lambda task: task["script"]),
    Column("http", lambda task: task["http"]),
    Column("schedule", lambda task: schedule_text(task["schedule"])),
    Column("next run", lambda task: task["next_run_at"], is_time=True),
    Column("last run", last_state),
    Column("started", lambda task: task["last_run"] and task["last_run"]["started_at"], True),
    Column("reason", lambda task: task["last_run"] and task["last_run"]["reason"]),
    Column("tags", lambda task: ", ".join(task["tags"])),
    Column("warnings", lambda task: " ".join(task["warnings"])),
    Column("changed", lambda task: task["updated_at"], is_time=True),
    Column("by", lambda task: task["updated_by"]),
)


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND", help="After --: a text, or words.")
    ],
    cron: Annotated[str | None, typer.Option(metavar="FIELDS", help="As '0 2 * * *'.")] = None,
    every: Annotated[str | None, typer.Option(metavar="DURATION", help="As 15m or 1d.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="As '2026-12-01 09:00', or 20m from now.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Run it once, now.")] = False,
    tz: Annotated[str | None, typer.Option(metavar="ZONE", help="As Europe/Rome.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; repeat it.")] = None,
    env: Annotated[list[str] | None, typer.Option(metavar="K=V", help="Repeat it.")] = None,
    timeout: Annotated[str | None, typer.Option(metavar="DURATION", help="Of one try.")] = None,
    retries: Annotated[int | None, typer.Option(min=0, help="How often to try again.")] = None,
    team: Team = None,
    output: Output = Form.TABLE,
    quiet: Quiet = False,
) -> None:
    """Add a task.

    Without a time it runs by hand only.

    After `--`, one word is a text for /bin/sh, several are a program and its arguments as they are.
    """
    document: Document = {"name": name, "command": command_text(command)}
    if (schedule := _schedule(cron=cron, every=every, at=at, now=now, tz=tz)) is not None:
        document["schedule"] = schedule
    if tag:
        document["tags"] = tag
    if env:
        document["env"] = dict(pair(each, "--env") for each in env)
    if timeout is not None:
        document["timeout"] = read_duration(timeout)
    if retries is not None:
        document["max_retries"] = retries
    if team is not None:
        document["team"] = team
    with opened_client() as client:
        task = client.create_task(document)
        sentence = f"Added {task['name']!r} ({task['id']})."
        if now:
            sentence += f" It runs now: punctual logs -f {client.run_task(task['id'])['id']}"
        elif form_is_for_people(output, quiet=quiet):
            sentence += f"\n{words_of(client, task)}"
    for warning in task["warnings"]:
        note(f"Note: {warning}")
    _show_lines(task, sentence, output, quiet=quiet)


def ls(
    status: Annotated[str | None, typer.Option(help="As failed, running or paused.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only those with this tag.")] = None,
    search: Annotated[str | None, typer.Option("--search", "-s", help="A part of names.")] = None,
    team: Team = None,
    limit: Limit = 100,
    output: Output = Form.TABLE,
    quiet: Quiet = False,
) -> None:
    """List tasks, newest first."""
    with opened_client() as client:
        found = client.tasks(status=status, tag=tag, q=search, team=team)
        show_list(found, LISTED, form=output, quiet=quiet, most=limit_of(limit))


def show(
    task: TaskName, team: Team = None, output: Output = Form.TABLE, quiet: Quiet = False
) -> None:
    """Show a task."""
    with opened_client() as client:
        found = task_named(client, task, team=team)
        found = client.task(found["id"])
    show_one(found, SHOWN, form=output, quiet=quiet)


def rm(task: TaskName, team: Team = None, yes: Yes = False, quiet: Quiet = False) -> None:
    """Delete a task, and cancel its runs."""
    with opened_client() as client:
        found = task_named(client, task, team=team)
        confirm(f"Delete {found['name']!r}?", yes=yes)
        client.delete_task(found["id"])
    show_done(found, f"Deleted {found['name']!r}.", form=Form.TABLE, quiet=quiet)


def pause(
    task: TaskName,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Then it goes on.")] = None,
    team: Team = None,
    output: Output = Form.TABLE,
    quiet: Quiet = False,
) -> None:
    """Pause a task: it is not due until it is resumed."""
    end = None if until is None else read_moment(until, now=datetime.now(UTC))
    with opened_client() as client:
        found = client.pause_task(task_named(client, task, team=team)["id"], until=end)
    how = f"until {local(end)}" if end else "until you resume it"
    show_done(found, f"Paused {found['name']!r} {how}.", form=output, quiet=quiet)


def resume(
    task: TaskName, team: Team = None, output: Output = Form.TABLE, quiet: Quiet = False
) -> None:
    """Resume a paused task."""
    with opened_client() as client:
        found = client.resume_task(task_named(client, task, team=team)["id"])
    show_done(found, f"Resumed {found['name']!r}.", form=output, quiet=quiet)


def command_text(words: list[str]) -> str:
    """Return the shell command of what was typed after `--`."""
    return words[0] if len(words) == 1 else shlex.join(words)


def pair(text: str, option: str) -> tuple[str, str]:
    """Return the name and the value of `K=V`; raises Refusal."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Refusal(f"{option} {text!r}: type it as NAME=VALUE.")
    return name, value


def form_is_for_people(form: Form, *, quiet: bool) -> bool:
    """Whether sentences are written, so that it is worth to request more for them."""
    return form is Form.TABLE and not quiet


def _show_lines(task: Task, sentence: str, form: Form, *, quiet: bool) -> None:
    first, _, rest = sentence.partition("\n")
    show_done(task, first, form=form, quiet=quiet)
    if rest and form_is_for_people(form, quiet=quiet):
        show_done(task, rest, form=form, quiet=quiet)


def _schedule(
    *, cron: str | None, every: str | None, at: str | None, now: bool, tz: str | None
) -> Document | None:
    if sum([cron is not None, every is not None, at is not None, now]) > 1:
        raise Refusal("Type one of --cron, --every, --at and --now.")
    zone = read_zone(tz)
    if tz is not None and cron is None and at is None:
        raise Refusal("--tz goes with --cron or --at.")
    if cron is not None:
        return {"cron": cron, **({} if tz is None else {"timezone": tz})}
    if every is not None:
        return {"every": read_duration(every)}
    if at is not None:
        return {"at": read_moment(at, now=datetime.now(UTC), zone=zone)}
    return None


VERBS = (add, ls, show, rm, pause, resume)
