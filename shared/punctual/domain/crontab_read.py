"""Crontabs, read line by line: what each line means, and what of it cannot be had here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from punctual.domain.cron import cron_rule
from punctual.domain.crontab_command import SH, split_percent, wrap
from punctual.domain.errors import InvalidSchedule
from punctual.domain.zone import zone_named

_VARIABLE = re.compile(
    r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s='"]+))\s*=\s*(?P<value>.*)"""
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_NAME = 200


class LineKind(StrEnum):
    """What a line of a crontab is; a fault is one that cannot be imported."""

    BLANK = "blank"
    COMMENT = "comment"
    VARIABLE = "variable"
    ENTRY = "entry"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a line asks for, as a task can have it.

    `written` is the command as it stands there, `command` the one for /bin/sh that does the same.
    """

    name: str | None
    written: str
    command: str
    cron: str
    timezone: str
    env: dict[str, str]
    working_dir: str | None
    user: str | None
    mailto: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line, counted from 1, what was understood of it, and the entry if it is one."""

    number: int
    text: str
    kind: LineKind
    told: tuple[str, ...] = ()
    entry: Entry | None = None


@dataclass(slots=True)
class _State:
    """What the lines above mean for the next one."""

    system: bool
    default_zone: str
    timezone: str
    shell: str = SH
    mailto: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)


class _NotUnderstood(Exception):
    """Why a line cannot be imported."""


def read_crontab(text: str, *, system: bool = False, timezone: str = "UTC") -> Iterator[Line]:
    """Understand a user's crontab, or with `system` one whose sixth field is a user.

    `timezone` is where the clocks of its machine are, unless a CRON_TZ says otherwise. Raises
    InvalidSchedule when that is no time zone; a line that is not understood stops no other.
    """
    zone_named(timezone)
    state = _State(system, timezone, timezone)
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        stripped = line.rstrip("\r").lstrip(" \t")
        try:
            kind, told, entry = _understood(stripped, state)
        except _NotUnderstood as fault:
            kind, told, entry = LineKind.FAULT, (str(fault),), None
        except InvalidSchedule as fault:
            kind, told, entry = LineKind.FAULT, (fault.detail,), None
        if kind != LineKind.COMMENT:
            state.comments.clear()
        yield Line(number, line, kind, told, entry)


def _understood(line: str, state: _State) -> tuple[LineKind, tuple[str, ...], Entry | None]:
    if not line.strip():
        return LineKind.BLANK, (), None
    if line.startswith("#"):
        return LineKind.COMMENT, _comment(line.lstrip("#").strip(), state), None
    if variable := _VARIABLE.fullmatch(line):
        return LineKind.VARIABLE, _variable(variable, state), None
    entry, told = _entry(line, state)
    return LineKind.ENTRY, told, entry


def _comment(comment: str, state: _State) -> tuple[str, ...]:
    if not comment:
        return ()
    try:
        _fields(comment)
    except (InvalidSchedule, _NotUnderstood):
        state.comments.append(comment)
        return ()
    return ("An entry that is commented out: left out.",)


def _variable(found: re.Match[str], state: _State) -> tuple[str, ...]:
    name = next(part for part in found.group("double", "single", "bare") if part is not None)
    value = found["value"].rstrip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    match name:
        case "CRON_TZ":
            if value:
                zone_named(value)
            state.timezone = value or state.default_zone
            return (f"Entries below are due by the clocks of {state.timezone}.",)
        case "SHELL":
            state.shell = value or SH
            return () if state.shell == SH else (f"Commands below are run by {state.shell}.",)
        case "MAILTO":
            state.mailto = value
            told = "No mail is sent: output is kept with each run"
            return (f"{told}, and the address in the task's metadata.",) if value else ()
    if not _NAME.fullmatch(name):
        raise _NotUnderstood(f'"{name}" is no name of a variable: letters, digits and _.')
    state.env[name] = value
    if name == "TZ":
        return ("For the commands only, as in cron; when they are due follows CRON_TZ.",)
    return ()


def _entry(line: str, state: _State) -> tuple[Entry, tuple[str, ...]]:
    expression, rest = _fields(line)
    told: list[str] = []
    user = None
    if state.system:
        user, rest = _word(rest)
        told.append(f"User {user}: commands run as the worker's user here.")
    command, stdin = split_percent(rest.lstrip(" \t"))
    if not command.strip():
        raise _NotUnderstood("There is no command after the time fields.")
    if stdin is not None:
        told.append("What follows the first % is the command's standard input.")
    home = state.env.get("HOME", "")
    entry = Entry(
        name=_name(state.comments),
        written=command,
        command=wrap(command, shell=state.shell, stdin=stdin),
        cron=expression,
        timezone=state.timezone,
        env=dict(state.env),
        working_dir=home if home.startswith("/") else None,
        user=user,
        mailto=state.mailto or None,
    )
    return entry, tuple(told)


def _word(text: str) -> tuple[str, str]:
    first, *rest = re.split(r"[ \t]+", text, maxsplit=1)
    return first, rest[0] if rest else ""


def _fields(line: str) -> tuple[str, str]:
    """The time fields as one expression, and the rest of the line."""
    count = 1 if line.startswith("@") else 5
    parts = re.split(r"[ \t]+", line, maxsplit=count)
    if len(parts) <= count:
        raise _NotUnderstood(
            "Neither a comment, nor NAME=value, nor five time fields (or @daily and the like) with"
            " a command."
        )
    expression = " ".join(parts[:count])
    cron_rule(expression)
    return expression, parts[count]


def _name(comments: list[str]) -> str | None:
    name = " ".join(comments)
    if not name:
        return None
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
