"""Read a crontab line by line: what each line means, and what is not supported."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from punctual.domain.crontab.command import LONGEST_COMMAND, SH, split_percent, wrap
from punctual.domain.crontab.comment import Comment, read_comment
from punctual.domain.crontab.fields import (
    RefusedByCron,
    TimeFields,
    is_like_a_field,
    next_word,
    read_time_fields,
)
from punctual.domain.crontab.hints import (
    AS_SYSTEM,
    SIX_FIELDS,
    bad_username,
    doubts_about_command,
    doubts_about_user,
    entry_in,
    unseen_character,
)
from punctual.domain.crontab.variable import LONGEST_LINE, read_variable
from punctual.domain.errors import InvalidSchedule
from punctual.domain.names import short_name
from punctual.domain.schedules.cron import cron_rule
from punctual.domain.schedules.cron_check import check_cron
from punctual.domain.schedules.zone import zone_named
from punctual.domain.text import BYTE_ORDER_MARK

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LONGEST_NAME = 200
_BLANK = " \t"
_CARRIAGE_RETURN = (
    "A carriage return at its end is left out: cron would take it for a part of the line."
)


class LineKind(StrEnum):
    """The kind of a crontab's line; a fault cannot be imported."""

    BLANK = "blank"
    COMMENT = "comment"
    VARIABLE = "variable"
    ENTRY = "entry"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class CrontabEntry:
    """An entry of a crontab, with the values of its task.

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
class CrontabLine:
    """One line, counted from 1, with its kind, notes, and its entry if it has one."""

    number: int
    text: str
    kind: LineKind
    notes: tuple[str, ...] = ()
    entry: CrontabEntry | None = None


@dataclass(slots=True)
class _State:
    """Variables and comments of the lines above, for the next line."""

    system: bool
    default_zone: str
    timezone: str
    shell: str = SH
    mailto: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)


class _NotUnderstood(Exception):
    """A line cannot be imported; the message says why."""


def read_crontab(
    text: str, *, system: bool = False, timezone: str = "UTC"
) -> Iterator[CrontabLine]:
    """Read a user's crontab, or with `system` one whose sixth field is a user.

    `timezone` is where the clocks of its machine are, unless a CRON_TZ says otherwise. Raises
    InvalidSchedule when that is no time zone; a line that is not understood stops no other.
    """
    zone_named(timezone)
    state = _State(system, timezone, timezone)
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        stripped = line.removeprefix(BYTE_ORDER_MARK).lstrip(_BLANK)
        try:
            kind, notes, entry = _understood(stripped.removesuffix("\r"), state)
        except (_NotUnderstood, InvalidSchedule) as fault:
            reason = fault.detail if isinstance(fault, InvalidSchedule) else str(fault)
            kind, notes, entry = LineKind.FAULT, (reason, *unseen_character(stripped)), None
        if kind != LineKind.COMMENT:
            state.comments.clear()
        if stripped.endswith("\r") and kind == LineKind.ENTRY:
            notes = (*notes, _CARRIAGE_RETURN)
        if line.startswith(BYTE_ORDER_MARK):
            notes = (*notes, "A byte order mark in front of it is left out; cron would refuse it.")
        yield CrontabLine(number, line, kind, notes, entry)


def _understood(line: str, state: _State) -> tuple[LineKind, tuple[str, ...], CrontabEntry | None]:
    if not line.strip(_BLANK):
        return LineKind.BLANK, (), None
    if line.startswith("#"):
        return LineKind.COMMENT, _comment(line.lstrip("#").strip(), state), None
    if variable := read_variable(line):
        notes = _variable(*variable, state)
        if len(line.encode(errors="surrogatepass")) > LONGEST_LINE:
            notes += (
                f"Debian's cron reads {LONGEST_LINE} bytes of such a line; here it is whole.",
            )
        return LineKind.VARIABLE, notes, None
    entry, notes = _entry(line, state)
    return LineKind.ENTRY, notes, entry


def _comment(comment: str, state: _State) -> tuple[str, ...]:
    match read_comment(comment):
        case Comment.NAME:
            state.comments.append(comment)
        case Comment.NOTHING:
            state.comments.clear()
        case Comment.ENTRY:
            state.comments.clear()
            return ("An entry that is commented out: left out.",)
        case Comment.SYSTEM_HEADING:
            state.comments.clear()
            if not state.system:
                return (f"This heading has a column for the user. {AS_SYSTEM}",)
    return ()


def _variable(name: str, value: str, state: _State) -> tuple[str, ...]:
    if name == "LOGNAME":
        return ("Left out: in cron as here, LOGNAME is the name of the user who runs it.",)
    if entry_in(value):
        raise _NotUnderstood(
            f"{name}= and an entry on one line: cron takes all of it for the value. Put the entry"
            " on a line of its own."
        )
    if not _NAME.fullmatch(name):
        raise _NotUnderstood(f'"{name}" is no name of a variable: letters, digits and _.')
    notes: tuple[str, ...] = ()
    match name:
        case "CRON_TZ":
            if value:
                zone_named(value)
            state.timezone = value or state.default_zone
            whose = f"Entries below are due by the clocks of {state.timezone}, as in cronie"
            notes = (f"{whose}; Debian's cron goes by its machine's clocks all the same.",)
        case "SHELL":
            state.shell = value or SH
            notes = () if state.shell == SH else (f"Commands below are run by {state.shell}.",)
        case "MAILTO":
            state.mailto = value
            if value:
                what = "No mail is sent: output is kept with each run"
                notes = (f"{what}, and the address in the task's metadata.",)
        case "TZ":
            notes = ("For the commands only, as in cron; when they are due follows CRON_TZ.",)
    state.env[name] = value
    if state.env.get("SHELL") == SH:
        del state.env["SHELL"]  # what it is without a word
    return notes


def _entry(line: str, state: _State) -> tuple[CrontabEntry, tuple[str, ...]]:
    time = _time_fields(line)
    notes = [
        f'Debian\'s cron reads "{written}" as "{read}", and so it is imported.'
        for written, read in time.ignored
    ]
    notes += (sentence for written, _ in time.ignored for sentence in unseen_character(written))
    user, rest = None, time.rest
    if state.system:
        user, rest = next_word(rest)
        if fault := bad_username(user):
            raise _NotUnderstood(fault)
        notes.append(f"User {user}: commands run as the worker's user here.")
        notes += doubts_about_user(user)
    elif rest.startswith("*"):
        first = next_word(rest)[0]
        why = f'"{first}" {SIX_FIELDS}' if is_like_a_field(first) else "it begins with a star."
        raise _NotUnderstood(f"bad command: {why}")
    command, stdin = split_percent(rest)
    if not command.strip():
        raise _NotUnderstood("There is no command after the time fields.")
    notes += doubts_about_command(command, system=state.system)
    if stdin is not None:
        notes.append("What follows the first % is the command's standard input.")
    if len(rest.encode(errors="surrogatepass")) > LONGEST_COMMAND:
        notes.append(
            f"Debian's cron refuses a command of more than {LONGEST_COMMAND} bytes; here it runs."
        )
    home = state.env.get("HOME", "")
    entry = CrontabEntry(
        name=_name(state.comments),
        written=command,
        command=wrap(command, shell=state.shell, stdin=stdin),
        cron=" ".join(time.fields),
        timezone=state.timezone,
        env=dict(state.env),
        working_dir=home if home.startswith("/") else None,
        user=user,
        mailto=state.mailto or None,
    )
    return entry, tuple(notes)


def _time_fields(line: str) -> TimeFields:
    """Return the time fields of an entry that can be due here. Raises InvalidSchedule."""
    words = line.split()
    try:
        time = read_time_fields(line)
    except RefusedByCron as refused:
        if not line.startswith("@") and not all(map(is_like_a_field, words[:5])):
            raise _NotUnderstood(
                "Neither a comment, nor NAME=value (with quotes around an empty value), nor five"
                " time fields (or @daily and the like) with a command."
            ) from None
        check_cron(words[0] if line.startswith("@") else " ".join(words[:5]))
        raise _NotUnderstood(f"Debian's cron refuses it: {refused}.") from None
    if time.never is not None:
        raise _NotUnderstood(
            f'"{time.never}" names no value, and cron never runs the entry: a range goes from low'
            " to high. At its end, Sunday is 7."
        )
    cron_rule(" ".join(time.fields))
    if not time.rest:
        raise _NotUnderstood("There is no command after the time fields.")
    return time


def _name(comments: list[str]) -> str | None:
    return short_name(" ".join(" ".join(comments).split()), longest=_LONGEST_NAME) or None
