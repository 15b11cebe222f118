"""Warnings about bash syntax in commands that /bin/sh runs."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from punctual.domain.commands.shell_words import Scan, Token, scan_shell

ADVICE = (
    "Commands are run by /bin/sh, which is not bash everywhere (on Debian it is dash), and this one"
    " has what only bash understands: {found}. Save it as a script with the interpreter bash."
)
MOST_NAMED = 5

# Most commands have nothing of it, and are not read any closer.
_HINT = re.compile(
    r"\[\[|<\(|>\(|<<<|&>|\|&|>&|=\(|\$'|\$\{|\.\.|==|RANDOM|\becho[ \t]+-|\bread[ \t]+-|\btrap\b"
    r"|\b(?:builtin|coproc|declare|disown|function|let|mapfile|pipefail|popd|pushd|readarray|shopt"
    r"|source|typeset)\b"
)

# fmt: off
_COMMANDS = frozenset((
    "builtin", "coproc", "declare", "function", "let", "mapfile", "pushd", "readarray", "shopt",
    "source", "typeset",
))
# fmt: on
_BEFORE_COMMANDS = frozenset(("if", "then", "else", "elif", "do", "while", "until", "!", "{"))
_ENDS_COMMAND = frozenset((";", ";;", "&", "&&", "|", "|&", "||", "(", ")", "\n", "<(", ">("))
_REDIRECTIONS = frozenset(("<", ">", ">>", "<&", ">&", "<>", ">|", "<<", "<<-", "<<<", "&>", "&>>"))
_OPERATORS = {
    "<(": "process substitution <(…)",
    ">(": "process substitution >(…)",
    "<<<": "a here-string <<<",
    "&>": "&>",
    "&>>": "&>>",
    "|&": "|&",
}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_RANGE = re.compile(r"\{-?\d+\.\.-?\d+\}|\{[A-Za-z]\.\.[A-Za-z]\}")
_EXPANSIONS = (
    (re.compile(r"'"), "$'…'"),
    (re.compile(r"\{!\w"), "${!name}"),
    (re.compile(r"\{#?\w+\["), "an array"),
    (re.compile(r"\{\w+//?[^}]"), "${name/…/…}"),
    (re.compile(r"\{\w+:[ 0-9]"), "${name:offset}"),
    (re.compile(r"\{\w+(\^|,)"), "${name^^} or ${name,,}"),
    (re.compile(r"\{?RANDOM\b|\(\(.*\bRANDOM\b"), "RANDOM"),
)


@lru_cache(maxsize=256)  # every answer about a task carries them
def shell_warnings(command: str) -> tuple[str, ...]:
    """Return the warning for a command that needs bash, if it seems to."""
    if not _HINT.search(command):
        return ()
    found = list(dict.fromkeys(_bashisms(scan_shell(command))))
    if "RANDOM=" in command:
        found = [what for what in found if what != "RANDOM"]
    if not found:
        return ()
    return (ADVICE.format(found=", ".join(found[:MOST_NAMED])),)


def _bashisms(scan: Scan) -> Iterator[str]:
    for tokens in scan.lists:
        yield from _in_list(tokens)
    for expansion in scan.expansions:
        yield from (what for pattern, what in _EXPANSIONS if pattern.match(expansion))


def _in_list(tokens: Sequence[Token]) -> Iterator[str]:
    words: list[Token] = []
    redirected = False
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        if token.is_operator:
            if token.text in _OPERATORS:
                yield _OPERATORS[token.text]
            if token.text == ">&" and following is not None and _is_file(following):
                yield ">& file"
            if token.text in _ENDS_COMMAND:
                # A pattern of `case` stands before a parenthesis, a function's name as well.
                if token.text not in (")", "(") or len(words) != 1:
                    yield from _in_command(words)
                words = []
            redirected = token.text in _REDIRECTIONS
        elif token.text.endswith("=(") and _ASSIGNMENT.match(token.text):
            yield "an array"
        else:
            if not token.quoted and _RANGE.search(token.text):
                yield "a range {1..3}"
            before = not words and (
                token.text in _BEFORE_COMMANDS or _ASSIGNMENT.match(token.text) is not None
            )
            if not redirected and not before:
                words.append(token)
            redirected = False
    yield from _in_command(words)


def _is_file(token: Token) -> bool:
    return not token.is_operator and not re.match(r"\d|-|\$", token.text)


def _in_command(words: Sequence[Token]) -> Iterator[str]:
    if not words or words[0].quoted:
        return
    name, arguments = words[0].text, [word.text for word in words[1:] if not word.quoted]
    if name in ("[[", "disown", "popd") or (name in _COMMANDS and len(words) > 1):
        yield name
    elif name in ("[", "test") and "==" in arguments:
        yield "== in [ … ]"
    elif check := _ARGUMENTS.get(name):
        yield from check(arguments)


def _of_echo(arguments: Sequence[str]) -> Iterator[str]:
    if arguments and re.fullmatch(r"-n?en?", arguments[0]):
        yield "echo -e"


def _of_set(arguments: Sequence[str]) -> Iterator[str]:
    if "pipefail" in arguments:
        yield "pipefail"


def _of_read(arguments: Sequence[str]) -> Iterator[str]:
    if any(re.match(r"-r?[adinNstu]", argument) for argument in arguments):
        yield "options of read"


def _of_trap(arguments: Sequence[str]) -> Iterator[str]:
    if {"ERR", "DEBUG", "RETURN"} & set(arguments):
        yield "trap … ERR"


_ARGUMENTS: dict[str, Callable[[Sequence[str]], Iterator[str]]] = {
    "echo": _of_echo,
    "read": _of_read,
    "set": _of_set,
    "trap": _of_trap,
}
