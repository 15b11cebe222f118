"""Find words that docs/words.txt bans from the project: `python deploy/words.py`.

It looks in every text file; in a Python file in comments, strings and the names that it defines.
"""

import ast
import io
import os
import re
import sys
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "docs" / "words.txt"
NOT_OURS = re.compile(
    r"\.git|deploy/words\.py|docs/words\.txt|locks/.*|.*/vendor/.*|.*\.(png|svg|ico|lock)"
)
NO_SOURCE = re.compile(r"\.|build$|node_modules$|__pycache__$|.*\.egg-info$")
PROSE = {tokenize.COMMENT, tokenize.STRING}
IN_NAMES = "name: "
SHOWN = 40
USER = re.compile("([\"'`])nobody([\"'`])")
PART_OF_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class BannedWords(NamedTuple):
    """Words with what to write instead: in every text, and in names that Python files define."""

    in_text: Mapping[str, str]
    in_names: Mapping[str, str]


def banned_words(lines: list[str]) -> BannedWords:
    """Read docs/words.txt; what texts may not contain, names may not contain either."""
    in_text, in_names = {}, {}
    for line in lines:
        if not line or line.startswith("#"):
            continue
        word, instead = line.split(" = ", 1)
        if not word.startswith(IN_NAMES):
            in_text[word.strip()] = instead.strip()
        in_names[word.removeprefix(IN_NAMES).strip()] = instead.strip()
    return BannedWords(in_text, in_names)


def texts(path: str, content: str) -> Iterator[tuple[int, str]]:
    """Yield each piece of prose with the number of its first line."""
    if not path.endswith(".py"):
        yield 1, content
        return
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type in PROSE:
            yield token.start[0], token.string


def words_in_text(path: str, content: str, banned: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield the line and the word of each occurrence; a phrase may be broken over two lines."""
    phrases = "|".join(r"[\s#*]+".join(map(re.escape, word.split())) for word in banned)
    pattern = re.compile(rf"\b({phrases})\b", re.IGNORECASE)
    for line, text in texts(path, content):
        for match in pattern.finditer(text):
            word = " ".join(re.split(r"[\s#*]+", match[0].lower()))
            yield line + text.count("\n", 0, match.start()), word


def defined_names(content: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each class, function, parameter and variable."""
    for node in ast.walk(ast.parse(content)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()) | ast.alias(asname=str(name)):
                yield node.lineno, name


def words_in_names(content: str, banned: BannedWords) -> Iterator[tuple[int, str]]:
    """Yield the line and the word of each name that contains a banned word.

    The name of a test is a sentence, and may have the words that texts may have.
    """
    for line, name in defined_names(content):
        words = banned.in_text if name.startswith("test_") else banned.in_names
        for part in PART_OF_NAME.findall(name):
            if part.lower() in words:
                yield line, part.lower()


def files() -> Iterator[str]:
    """Yield the path of every text file that people write."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not NO_SOURCE.match(name)]
        paths = (str(Path(folder, name).relative_to(ROOT)) for name in names)
        yield from (path for path in paths if not NOT_OURS.fullmatch(path))


def main() -> int:
    """Print each occurrence of a banned word; return 1 if there is one."""
    banned = banned_words(WORDS.read_text().splitlines())
    found: list[str] = []
    for path in files():
        try:
            content = USER.sub(r"\1user\2", (ROOT / path).read_text())
        except UnicodeDecodeError:
            continue
        for line, word in words_in_text(path, content, banned.in_text):
            found.append(f"{path}:{line}: {word!r}; say {banned.in_text[word]}")
        if path.endswith(".py"):
            for line, word in words_in_names(content, banned):
                found.append(f"{path}:{line}: name with {word!r}; say {banned.in_names[word]}")
    if found:
        sys.stderr.write("\n".join(found[:SHOWN]) + f"\n{len(found)} in all\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
