"""Read commands for which a shell does nothing but make way for one program, as it reads them.

Only what can be read in one way counts: words of harmless characters, or between quotes without
anything in them that a shell reads. All else, and every error, is left to a shell
(docs/internals/decisions/worker/0012-direct-exec.md).
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

PIECE = re.compile(r"""([ \t]+)|([\w@%+=:,./-]+)|'([^']*)'|"([^"$`\\]*)\"""", re.ASCII)
PLAIN = re.compile(r"[\w@%+=:,./ \t-]+", re.ASCII)
PROGRAM = re.compile(r"[\w./][\w@%+:,./-]*", re.ASCII)
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)

# Built into dash, or part of its grammar: POSIX's words and those of dash.
# fmt: off
SHELL_WORDS = frozenset((
    ".", ":", "[", "alias", "bg", "break", "case", "cd", "chdir", "command", "continue", "do",
    "done", "echo", "elif", "else", "esac", "eval", "exec", "exit", "export", "false", "fc", "fg",
    "fi", "for", "getopts", "hash", "if", "in", "jobs", "kill", "local", "printf", "pwd", "read",
    "readonly", "return", "set", "shift", "test", "then", "times", "trap", "true", "type",
    "ulimit", "umask", "unalias", "unset", "until", "wait", "while",
))
# fmt: on
# The shell gives these new values, and passes them on when it was given them.
SHELL_VARIABLES = frozenset({"IFS", "OPTIND", "PPID", "PWD"})


def read_words(command: str, variables: Collection[str]) -> list[str] | None:
    """Return the words of the one program that `sh -c command` would become, or None.

    `variables` are the names in its environment.
    """
    if not (SHELL_VARIABLES.isdisjoint(variables) and all(map(NAME.fullmatch, variables))):
        return None
    command = command.strip(" \t\n")
    program = command.split(maxsplit=1)[:1]
    if not program or program[0] in SHELL_WORDS or not PROGRAM.fullmatch(program[0]):
        return None
    return command.split() if PLAIN.fullmatch(command) else _split(command)


def _split(command: str) -> list[str] | None:
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
