"""`crontab import` and `crontab export`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from punctual_client.command.opening import opened_client
from punctual_client.command.options import DryRun, Output, Team, Yes
from punctual_client.command.progress import progress
from punctual_client.command.questions import confirm
from punctual_client.command.refusals import Exit, Refusal
from punctual_client.command.shown import Form, note, printable, show_done, write
from punctual_client.documents import CrontabReport

app = typer.Typer(help="Crontabs: import as tasks, and export.", no_args_is_help=True)

MARKS = {"entry": "+", "fault": "!", "variable": " ", "comment": " ", "blank": " "}
Zone = Annotated[str, typer.Option("--tz", metavar="ZONE", help="Of the crontab's machine.")]


@app.command("import")
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A crontab; - for standard input.")],
    system: Annotated[
        bool, typer.Option("--system", help="With a user before each command, as /etc/crontab.")
    ] = False,
    tz: Zone = "UTC",
    dry_run: DryRun = False,
    yes: Yes = False,
    team: Team = None,
    output: Output = Form.TABLE,
) -> None:
    """Make tasks of the lines of a crontab; ends with 1 if a line could not be read."""
    text = _read(file)
    with opened_client() as client:
        with progress("Reading the crontab", None):
            report = client.import_crontab(text, system=system, timezone=tz, team=team)
        if not dry_run and report["entries"]:
            if output is Form.TABLE:
                note(report_text(report))
            if file == "-" and not yes:
                raise Refusal("Nothing was created. Add --yes to create the tasks.")
            confirm(f"Create {report['entries']} tasks?", yes=yes)
            with progress("Creating tasks", None):
                report = client.import_crontab(
                    text, system=system, timezone=tz, team=team, dry_run=False
                )
    if output is not Form.TABLE:
        show_done(report, "", form=output, quiet=False)
    elif dry_run or not report["entries"]:
        write(f"{report_text(report)}\n")
    else:
        write(f"{report['entries']} tasks were created, {report['faults']} lines could not be.\n")
    if report["faults"]:
        raise typer.Exit(Exit.FAILED)


@app.command("export")
def export(
    tz: Zone = "UTC",
    tag: Annotated[str | None, typer.Option(help="Only tasks with this tag.")] = None,
    team: Team = None,
) -> None:
    """Write tasks as a crontab; what cron cannot do is a comment with the reason."""
    with opened_client() as client:
        write(client.export_crontab(timezone=tz, tag=tag, team=team))


def report_text(report: CrontabReport) -> str:
    """Return a report line by line: + becomes a task, ! cannot."""
    lines = []
    for line in report["lines"]:
        lines.append(f"{line['line']:4} {MARKS[line['kind']]} {printable(line['text'])}")
        if line["task"]:
            lines.append(f"       = {printable(line['task']['name'])}")
        lines += [f"       {printable(sentence)}" for sentence in line["notes"]]
    lines.append(f"{report['entries']} lines become tasks, {report['faults']} cannot.")
    return "\n".join(lines)


def _read(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}", Exit.NOT_FOUND) from None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
