"""Reads commands for which a shell does nothing but make way for one program.

`sh -c 'pg_dump --file=today shop'` finds pg_dump and replaces itself by it; the program has the
number, the descriptors and the environment that it would have had without. To start the shell takes
longer than that program, so the runner starts the program itself. Only what can be read in one way
counts: words of harmless characters, or between quotes without anything in them that a shell reads.
All else, and every error, is left to a shell, which also says what is wrong.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SHELL = "/bin/sh"
PIECE = re.compile(r"""([ \t]+)|([\w@%+=:,./-]+)|'([^']*)'|"([^"$`\\]*)\"""", re.ASCII)
PROGRAM = re.compile(r"[\w./][\w@%+:,./-]*", re.ASCII)
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)

# What dash does itself, or reads as its grammar: POSIX's words and its own.
# fmt: off
ITS_OWN = frozenset((
    ".", ":", "[", "alias", "bg", "break", "case", "cd", "chdir", "command", "continue", "do",
    "done", "echo", "elif", "else", "esac", "eval", "exec", "exit", "export", "false", "fc", "fg",
    "fi", "for", "getopts", "hash", "if", "in", "jobs", "kill", "local", "printf", "pwd", "read",
    "readonly", "return", "set", "shift", "test", "then", "times", "trap", "true", "type",
    "ulimit", "umask", "unalias", "unset", "until", "wait", "while",
))
# fmt: on
# It gives these new values, and passes them on when it was given them.
ITS_VARIABLES = frozenset({"IFS", "OPTIND", "PPID", "PWD"})


def words_of(argv: Sequence[str], variables: Collection[str]) -> list[str] | None:
    """Return the words of the one program that this call of a shell would become, or None."""
    if list(argv[:2]) != [SHELL, "-c"] or len(argv) != 3:
        return None
    if any(name in ITS_VARIABLES or not NAME.fullmatch(name) for name in variables):
        return None
    command = argv[2].strip(" \t\n")
    program = command.split(maxsplit=1)[:1]
    if not program or program[0] in ITS_OWN or not PROGRAM.fullmatch(program[0]):
        return None
    return _words(command)


def _words(command: str) -> list[str] | None:
    """Split at blanks and take quotes off; None where something else stands in between."""
    words: list[str] = []
    at, word_goes_on = 0, False
    for piece in PIECE.finditer(command):
        if piece.start() != at:
            return None
        at = piece.end()
        blank, *texts = piece.groups()
        if blank is None:
            text = "".join(text for text in texts if text)
            if word_goes_on:
                words[-1] += text
            else:
                words.append(text)
        word_goes_on = blank is None
    return words if at == len(command) else None
