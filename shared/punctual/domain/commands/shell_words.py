"""Split a shell command into words and operators, as far as shell advice needs it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

OPERATORS = sorted(
    (
        *("&&", "||", ";;", ";", "&>>", "&>", "&", "|&", "|", "(", ")", "\n"),
        *("<<<", "<<-", "<<", "<>", "<&", "<(", "<", ">>", ">&", ">|", ">(", ">"),
    ),
    key=len,
    reverse=True,
)
_OPERATOR_STARTS = {operator[0] for operator in OPERATORS}
_WORD_ENDS = set(" \t\n;&|()<>")
_ASSIGNED_LIST = re.compile(r"[A-Za-z_]\w*\+?=\(")
_MOST_DEPTH = 50


class Token(NamedTuple):
    """A word or an operator; `quoted` when a part of the word is between quotes."""

    text: str
    is_operator: bool
    quoted: bool = False


@dataclass
class Scan:
    """The tokens of each list of commands, and the text of expansions.

    `expansions` are the texts after `$` that the shell itself expands: `{name…}`, `((…))`, `'…'`.
    """

    lists: list[list[Token]]
    expansions: list[str]


def scan_shell(command: str) -> Scan:
    """Read a command; never fails, and understands less of what no shell would understand."""
    found = Scan([], [])
    _Reader(command, found).read_list(0, "", 0)
    return found


class _Reader:
    def __init__(self, text: str, found: Scan) -> None:
        self._text = text
        self._found = found

    def read_list(self, at: int, until: str, depth: int) -> int:
        """Read commands up to an unmatched `until`; returns where it ends."""
        tokens: list[Token] = []
        self._found.lists.append(tokens)
        text, open_parentheses, here_documents = self._text, 0, list[str]()
        while at < len(text):
            char = text[at]
            if text.startswith("\\\n", at):
                at += 2
            elif char in " \t\r":
                at += 1
            elif char == "#":
                at = _end_of_line(text, at)
            elif until and char == until and not open_parentheses:
                return at + 1
            elif operator := _operator_at(text, at):
                open_parentheses += operator.endswith("(")
                open_parentheses -= operator == ")" and open_parentheses > 0
                tokens.append(Token(operator, True))
                at += len(operator)
                if operator == "\n":
                    at = _after_here_documents(text, at, here_documents)
            elif _ASSIGNED_LIST.match(text, at):
                tokens.append(Token(text[at : text.index("(", at) + 1], False))
                open_parentheses += 1
                at = text.index("(", at) + 1
            else:
                began = at
                at, quoted = self._read_word(at, until, depth)
                if tokens and tokens[-1] in (Token("<<", True), Token("<<-", True)):
                    here_documents.append(re.sub(r"[\"'\\]", "", text[began:at]))
                tokens.append(Token(text[began:at], False, quoted))
        return at

    def _read_word(self, at: int, until: str, depth: int) -> tuple[int, bool]:
        text, began, quoted = self._text, at, False
        while at < len(text) and text[at] not in _WORD_ENDS and text[at] != (until or None):
            char = text[at]
            if char == "'":
                at, quoted = _after(text, "'", at + 1), True
            elif char == '"':
                at, quoted = self._read_double_quotes(at + 1, depth), True
            elif char in "\\":
                at, quoted = at + 2, True
            elif char in "$`":
                at = self._read_expansion(at, depth, quoted=False)
            else:
                at += 1
        return max(min(at, len(text)), began + 1), quoted

    def _read_double_quotes(self, at: int, depth: int) -> int:
        text = self._text
        while at < len(text) and text[at] != '"':
            if text[at] == "\\":
                at += 2
            elif text[at] in "$`":
                at = self._read_expansion(at, depth, quoted=True)
            else:
                at += 1
        return at + 1

    def _read_expansion(self, at: int, depth: int, *, quoted: bool) -> int:
        text = self._text
        if depth > _MOST_DEPTH:
            return len(text)
        if text[at] == "`":
            return self.read_list(at + 1, "`", depth + 1)
        if text.startswith("$((", at):
            end = _after(text, "))", at + 3)
        elif text.startswith("$(", at):
            return self.read_list(at + 2, ")", depth + 1)
        elif text.startswith("${", at):
            end = _after(text, "}", at + 2)
        elif text.startswith("$'", at) and not quoted:
            end = _after_ansi(text, at + 2)
        else:
            name = re.compile(r"\w*").match(text, at + 1)
            end = at + 1 if name is None else name.end()
        self._found.expansions.append(text[at + 1 : end])
        return max(end, at + 1)


def _operator_at(text: str, at: int) -> str | None:
    if text[at] not in _OPERATOR_STARTS:
        return None
    return next((one for one in OPERATORS if text.startswith(one, at)), None)


def _after(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return len(text) if found < 0 else found + len(mark)


def _after_ansi(text: str, at: int) -> int:
    while at < len(text) and text[at] != "'":
        at += 2 if text[at] == "\\" else 1
    return at + 1


def _end_of_line(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _after_here_documents(text: str, at: int, delimiters: list[str]) -> int:
    for delimiter in delimiters:
        for line in _lines(text, at):
            at += len(line)
            if line.rstrip("\n").lstrip("\t") == delimiter:
                break
    delimiters.clear()
    return at


def _lines(text: str, at: int) -> Iterator[str]:
    while at < len(text):
        end = _end_of_line(text, at) + 1
        yield text[at:end]
        at = end
