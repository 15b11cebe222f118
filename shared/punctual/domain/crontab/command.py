"""A crontab's command: its percent signs, its standard input, and the shell it is meant for."""

import re
import shlex

SH = "/bin/sh"
LONGEST_COMMAND = 998
"""Bytes after the time fields; Debian's cron says "command too long" to one more."""
_WORD = "STDIN"
_BARE_PERCENT = re.compile(r"(?<!\\)%")
# Backslashes of which cron takes one away, as they stand: two of them, or one before a %.
_TAKEN_AWAY = re.compile(r"\\\\+|\\(?=%)")
_TAKEN_AWAY_AT_THE_END = re.compile(r"\\\\+|\\(?=%|\Z)")


def split_percent(rest: str) -> tuple[str, str | None]:
    r"""Split what follows the time fields into the command and its standard input, as cron does.

    The first bare % ends the command, in which \% is % and \\ is \. Later ones are line ends of
    the input, in which \% is % and every other backslash stays; where its last line has a
    character that is no backslash, cron ends it. None: there is no input.
    """
    command: list[str] = []
    place = 0
    while place < len(rest):
        char = rest[place]
        if char == "%":
            return "".join(command), _stdin(rest[place + 1 :])
        if char == "\\" and rest[place + 1 : place + 2] in ("%", "\\"):
            place += 1
            char = rest[place]
        command.append(char)
        place += 1
    return "".join(command), None


def _stdin(data: str) -> str:
    text = _BARE_PERCENT.sub("\n", data).replace(r"\%", "%")
    return f"{text}\n" if text.rpartition("\n")[2].strip("\\") else text


def escape(command: str, *, before_input: bool = False) -> str:
    r"""Return a command of one line as a crontab has it.

    Every % is \%. Backslashes are doubled only where cron would take one away.
    """
    taken_away = _TAKEN_AWAY_AT_THE_END if before_input else _TAKEN_AWAY
    return taken_away.sub(lambda found: found[0] * 2, command).replace("%", r"\%")


def join_percent(command: str, stdin: str | None) -> str | None:
    """Return what split_percent splits into these two; None where a crontab cannot say it."""
    if "\n" in command:
        return None
    escaped = escape(command, before_input=stdin is not None)
    if stdin is None:
        return escaped
    data = stdin.replace("%", r"\%").replace("\n", "%")
    for written in (data.removesuffix("%"), data):
        if split_percent(f"{escaped}%{written}") == (command, stdin):
            return f"{escaped}%{written}"
    return None  # a line of it ends with a backslash, which would escape the % after it


def wrap(command: str, *, shell: str = SH, stdin: str | None = None) -> str:
    """Return a /bin/sh command that runs `command` in `shell` with exactly this standard input."""
    if shell == SH and stdin is None:
        return command
    head = f"exec {shlex.quote(shell)} -c {shlex.quote(command)}"
    if stdin is None:
        return head
    if not stdin:
        return f"{head} </dev/null"
    if not stdin.endswith("\n"):  # a here-document cannot say it
        return f"printf %s {shlex.quote(stdin)} | {head.removeprefix('exec ')}"
    word = _WORD
    while f"\n{word}\n" in f"\n{stdin}":
        word += "_"
    return f"{head} <<'{word}'\n{stdin}{word}\n"


def unwrap(command: str) -> tuple[str, str | None]:
    """Return the command for /bin/sh and the standard input that `wrap` made this of, if it did."""
    head, _, rest = command.partition("\n")
    try:
        words = shlex.split(head)
    except ValueError:
        return command, None
    match words:
        case ["exec", shell, "-c", inner, "</dev/null"]:
            stdin = ""
        case ["exec", shell, "-c", inner, last] if last.startswith("<<"):
            stdin = rest.removesuffix(f"{last.removeprefix('<<')}\n")
        case _:
            return command, None
    if wrap(inner, shell=shell, stdin=stdin) != command:
        return command, None
    return wrap(inner, shell=shell), stdin
