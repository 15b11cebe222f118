"""A crontab's command: its percent signs, its standard input, and the shell it is meant for."""

import shlex

SH = "/bin/sh"
_WORD = "STDIN"


def split_percent(rest: str) -> tuple[str, str | None]:
    r"""Part what follows the time fields into the command and its standard input, as cron does.

    The first bare % ends the command; later ones are line ends of the input, which ends with one.
    \% is a plain %; any other backslash stays. None: there is no input.
    """
    command, found, data = _until_bare_percent(rest)
    if not found:
        return command, None
    lines = []
    while True:
        line, found, data = _until_bare_percent(data)
        lines.append(line)
        if not found:
            break
    text = "\n".join(lines)
    return command, text if not text or text.endswith("\n") else text + "\n"


def join_percent(command: str, stdin: str | None) -> str | None:
    r"""What split_percent parts again; None where a crontab cannot say it.

    A line of the input may not end with a backslash, as that would escape the % after it.
    """
    escaped = command.replace("%", r"\%")
    if stdin is None:
        return escaped
    # cron ends a last line by itself, unless that line is empty.
    lines = (stdin if f"\n{stdin}".endswith("\n\n") else stdin.removesuffix("\n")).split("\n")
    if command.endswith("\\") or any(line.endswith("\\") for line in lines[:-1]):
        return None
    return "%".join([escaped, *(line.replace("%", r"\%") for line in lines)])


def wrap(command: str, *, shell: str = SH, stdin: str | None = None) -> str:
    """A command for /bin/sh that runs `command` by `shell` with exactly this standard input."""
    if shell == SH and stdin is None:
        return command
    head = f"exec {shlex.quote(shell)} -c {shlex.quote(command)}"
    if stdin is None:
        return head
    if not stdin:
        return f"{head} </dev/null"
    word = _WORD
    while f"\n{word}\n" in f"\n{stdin}":
        word += "_"
    return f"{head} <<'{word}'\n{stdin}{word}\n"


def unwrap(command: str) -> tuple[str, str | None]:
    """The command for /bin/sh and the standard input that `wrap` made this of, if it did."""
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


def _until_bare_percent(text: str) -> tuple[str, bool, str]:
    r"""What comes before the first bare %, with \% made %; whether there is one; what follows."""
    taken: list[str] = []
    escaped = False
    for place, char in enumerate(text):
        if char == "%":
            if not escaped:
                return "".join(taken), True, text[place + 1 :]
            taken[-1] = "%"
        else:
            taken.append(char)
        escaped = char == "\\"
    return "".join(taken), False, ""
