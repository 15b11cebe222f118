"""Runs: `run`, `runs`, `logs`, `cancel`, `retry`."""

import json
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Annotated, Any

import typer

from punctual_client.client import Client
from punctual_client.command.follow import follow, until_final
from punctual_client.command.lookup import is_id, task_named
from punctual_client.command.moments import amount, read_moment
from punctual_client.command.opening import opened_client
from punctual_client.command.options import Limit, Output, Quiet, RunId, TaskName, Team, limit_of
from punctual_client.command.refusals import Exit, Refusal
from punctual_client.command.shown import Column, Form, note, show_done, show_list, write_bytes
from punctual_client.command.verbs.tasks import pair
from punctual_client.documents import FINAL, Run, Task
from punctual_client.problems import NotFound

NEWEST = 100
"""As many runs of a task are looked at for one that has started."""


def run(
    task: TaskName,
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Wait for its end, and end as the command does.")
    ] = False,
    show_output: Annotated[
        bool, typer.Option("--follow", "-f", help="Write its output as it comes, and wait.")
    ] = False,
    param: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="A value of a parameter; repeat it.")
    ] = None,
    team: Team = None,
    output: Output = Form.TABLE,
    quiet: Quiet = False,
) -> None:
    """Run a task now."""
    with opened_client() as client:
        found = task_named(client, task, team=team)
        params = dict(_param(found, each) for each in param or ())
        made = client.run_task(found["id"], params)
        if not wait and not show_output:
            sentence = f"Run {made['id']} of {found['name']!r} has been ordered."
            show_done(made, sentence, form=output, quiet=quiet)
            return
        try:
            ended = follow(client, made["id"]) if show_output else until_final(client, made["id"])
        except KeyboardInterrupt:
            note(f"It goes on: punctual logs -f {made['id']}, punctual cancel {made['id']}")
            raise
    if show_output:
        note(outcome(ended))
    else:
        show_done(ended, outcome(ended), form=output, quiet=quiet)
    raise typer.Exit(exit_of_run(ended))


def runs(
    task: Annotated[
        str | None, typer.Argument(metavar="[TASK]", help="Only of this task: its name or id.")
    ] = None,
    state: Annotated[str | None, typer.Option(help="As failed or running.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Due from then on; 2h is two hours ago.")
    ] = None,
    team: Team = None,
    limit: Limit = 20,
    output: Output = Form.TABLE,
    quiet: Quiet = False,
) -> None:
    """List runs, newest due time first."""
    start = None if since is None else read_moment(since, now=datetime.now(UTC), forward=False)
    with opened_client() as client:
        if task is None:
            found = client.runs(state=state, since=start, team=team)
        else:
            task_id = task_named(client, task, team=team)["id"]
            found = client.task_runs(task_id, state=state, since=start)
        names: dict[str, str] = {}
        columns = [*LISTED]
        if task is None:
            columns[1:1] = [
                Column("task", lambda one: _name_of(client, one["task_id"], names), is_long=True)
            ]
        show_list(found, columns, form=output, quiet=quiet, most=limit_of(limit))


def logs(
    target: Annotated[
        str, typer.Argument(metavar="TASK|RUN", help="A task, for its last run, or a run's id.")
    ],
    follow_it: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run ends.")
    ] = False,
    attempt: Annotated[int | None, typer.Option(min=1, help="Of which try; the last one.")] = None,
    stream: Annotated[str | None, typer.Option(help="Only stdout, or stderr.")] = None,
    team: Team = None,
) -> None:
    """Write what a run has written."""
    with opened_client() as client:
        run_id = _run_of(client, target, team, follow_it=follow_it)
        if not follow_it:
            write_bytes(client.output(run_id, attempt=attempt, stream=stream))
            return
        if attempt is not None:
            raise Refusal("--attempt goes without --follow, which shows them all.")
        ended = follow(client, run_id, stream=stream)
    note(outcome(ended))


def cancel(run_id: RunId, output: Output = Form.TABLE, quiet: Quiet = False) -> None:
    """Cancel a run; one that runs is stopped."""
    with opened_client() as client:
        found = client.cancel_run(run_id)
    show_done(found, f"Cancelled run {found['id']}.", form=output, quiet=quiet)


def retry(run_id: RunId, output: Output = Form.TABLE, quiet: Quiet = False) -> None:
    """Run what a run ran again, with its values."""
    with opened_client() as client:
        made = client.retry_run(run_id)
    show_done(made, f"Run {made['id']} has been ordered.", form=output, quiet=quiet)


def outcome(run: Run) -> str:
    """Return how a run ended, in a line."""
    took = _seconds(run)
    text = run["state"].replace("_", " ") + (f" after {amount(took)}" if took is not None else "")
    if run["state"] == "failed" and run["exit_code"] is not None:
        return f"{text}, exit status {run['exit_code']}"
    if run["reason"] is None or run["reason"].startswith(run["state"]):
        return run["reason"] or text
    return f"{text}: {run['reason']}"


def exit_of_run(run: Run) -> int:
    """Return the exit status for a run that ended: the command's own, as a shell has it."""
    if run["state"] == "succeeded":
        return Exit.DONE
    if run["state"] == "timed_out":
        return Exit.TIMED_OUT
    if run["state"] == "failed" and run["signal"]:
        return 128 + run["signal"]
    if run["state"] == "failed" and run["exit_code"]:
        return run["exit_code"]
    return Exit.FAILED


def _run_of(client: Client, target: str, team: str | None, *, follow_it: bool) -> str:
    if is_id(target):
        try:
            return client.run(target)["id"]
        except NotFound:
            pass  # then it is a task's
    task = task_named(client, target, team=team)
    newest = list(islice(client.task_runs(task["id"]), NEWEST))
    started = (run for run in newest if run["attempt"])
    coming = (run for run in newest if run["state"] not in FINAL) if follow_it else ()
    found = next(chain(coming, started, newest), None)
    if found is None:
        raise Refusal(f"{task['name']!r} has not run yet: punctual run", Exit.NOT_FOUND)
    return found["id"]


def _param(task: Task, text: str) -> tuple[str, object]:
    """Return a value of the type that the task declares; the server judges what is none."""
    name, value = pair(text, "--param")
    types = {each["name"]: each.get("type") for each in task.get("params") or ()}
    if types.get(name) in ("integer", "number", "boolean"):
        try:
            return name, json.loads(value)
        except ValueError:
            return name, value
    return name, value


def _name_of(client: Client, task_id: str, names: dict[str, str]) -> str:
    if task_id not in names:
        try:
            names[task_id] = client.task(task_id)["name"]
        except NotFound:
            names[task_id] = f"(deleted) {task_id}"
    return names[task_id]


def _seconds(run: Any) -> float | None:
    if run["started_at"] is None or run["finished_at"] is None:
        return None
    began, ended = (datetime.fromisoformat(run[at]) for at in ("started_at", "finished_at"))
    return (ended - began).total_seconds()


def _took(run: Any) -> str | None:
    seconds = _seconds(run)
    return None if seconds is None else amount(seconds)


def _late(run: Any) -> str | None:
    return None if run["lateness_ms"] is None else f"{run['lateness_ms']:.0f} ms"


LISTED = (
    Column("id", lambda run: run["id"]),
    Column("state", lambda run: run["state"]),
    Column("due", lambda run: run["scheduled_for"], is_time=True),
    Column("late", _late),
    Column("took", _took),
    Column("exit", lambda run: run["exit_code"]),
    Column("reason", lambda run: run["reason"], is_long=True),
)

VERBS = (run, runs, logs, cancel, retry)
