"""Write tasks as crontab lines that Debian's cron accepts, or the reason why not."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from punctual.domain.crontab.command import LONGEST_COMMAND, escape, join_percent, unwrap
from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.cron_syntax import read_fields
from punctual.domain.text import one_line

_STEPPED = re.compile(r"(\w+)/(\d+)", re.ASCII)
_PLAIN = re.compile(r"(\*|[0-9A-Z]+(-[0-9A-Z]+)?)(/\d+)?", re.ASCII)
_ENDS = ("59", "23", "31", "12", "6")


@dataclass(frozen=True, slots=True)
class TaskToWrite:
    """The fields of a task that a crontab needs; `schedule` is the API's document.

    `beyond` are sentences about what the task asks for that decides when it runs, and that no
    cron can do.
    """

    name: str
    command: str
    schedule: Any
    env: Mapping[str, str]
    working_dir: str | None
    beyond: tuple[str, ...] = ()


class _Inexpressible(Exception):
    """A task cannot be written as a crontab line; the message says why."""


def write_crontab(tasks: Iterable[TaskToWrite], *, timezone: str) -> str:
    """Return a user's crontab for a machine in `timezone`, with all tasks in order.

    A task that cron cannot express is a comment with the reason.
    """
    lines = [
        _comment(f"Due times and commands of Punctual's tasks, for clocks in {timezone}."),
        _comment("Retries, time limits and overlap policies are not cron's, and stay behind."),
        "SHELL=/bin/sh",
    ]
    for task in tasks:
        name = " ".join(task.name.split()) or "unnamed"
        try:
            lines += ["", _comment(name), _line(task, timezone=timezone)]
        except _Inexpressible as why:
            lines += ["", _comment(f"Left out: {name}"), _comment(str(why))]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    """Return a comment of one line, whatever the text: what users named is in most of them."""
    return f"# {one_line(text)}"


def _line(task: TaskToWrite, *, timezone: str) -> str:
    when = _when(task.schedule, timezone=timezone)
    if task.beyond:
        raise _Inexpressible(" ".join(task.beyond))
    command = _command(task)
    if len(command.encode()) > LONGEST_COMMAND:
        raise _Inexpressible(f"Its command would be longer than {LONGEST_COMMAND} bytes.")
    return f"{when} {command}"


def _when(schedule: Any, *, timezone: str) -> str:
    if schedule is None:
        raise _Inexpressible("It is started by hand only.")
    if isinstance(schedule, list):
        raise _Inexpressible(
            "It has several schedules; where two lines of a crontab coincide, both would run."
        )
    if not isinstance(schedule, Mapping):
        raise _Inexpressible("Its schedule cannot be read.")
    if "cron" not in schedule:
        kind = "an interval" if "every" in schedule else "a single time"
        raise _Inexpressible(f"It is due by {kind}, and cron has none.")
    if schedule.get("start") or schedule.get("end"):
        raise _Inexpressible("Its schedule has a start or an end.")
    zone = schedule.get("timezone", "UTC")
    if zone != timezone:
        raise _Inexpressible(
            f"It is due by the clocks of {zone}, and Debian's cron has one time zone, its"
            f" machine's: export for {zone} as well."
        )
    try:
        fields = read_fields(str(schedule["cron"]))
    except InvalidSchedule as error:
        raise _Inexpressible(f"Its schedule cannot be read: {error.detail}") from None
    return " ".join(_field(text, end) for text, end in zip(fields, _ENDS, strict=True))


def _field(text: str, end: str) -> str:
    terms = [
        _STEPPED.sub(rf"\1-{end}/\2", term) if "-" not in term else term for term in text.split(",")
    ]
    if not all(_PLAIN.fullmatch(term) and "L" not in _without_names(term) for term in terms):
        raise _Inexpressible(f'Cron does not know "{text}".')
    return ",".join(terms)


def _without_names(term: str) -> str:
    return term.replace("JUL", "")


def _command(task: TaskToWrite) -> str:
    before = ""
    if task.env:
        pairs = " ".join(f"{name}={shlex.quote(value)}" for name, value in task.env.items())
        before += f"export {pairs}; "
    if task.working_dir:
        before += f"cd {shlex.quote(task.working_dir)} || exit; "
    command, stdin = unwrap(task.command)
    if (line := join_percent(_whole(before, command), stdin)) is not None:
        return line
    # A crontab's line has no line ends: printf hands the lines over.
    lines = " ".join(map(shlex.quote, _whole(before, task.command).split("\n")))
    return escape(f"""/bin/sh -c "$(printf '%s\\n' {lines})\"""")


def _whole(before: str, command: str) -> str:
    """Return the text for the shell, which cron takes: without a star or what it skips in front."""
    whole = before + command.lstrip(" \t\n")
    while whole.endswith("\n"):
        whole = whole[:-1]
        backslashes = len(whole) - len(whole.rstrip("\\"))
        if backslashes % 2:  # it escapes the line end, and both stand for nothing
            whole = whole[:-1]
    return f":; {whole}" if whole.startswith("*") else whole
