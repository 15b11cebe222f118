"""Find words that docs/words.txt bans from the project: `python deploy/words.py`.

Prose is every text file, and of Python files the comments and strings. docs/words-left.txt allows
each folder, and the names in code, a number of occurrences that are still to be rewritten: lower a
number when there are fewer, never raise one.
"""

import io
import os
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "docs" / "words.txt"
LEFT = ROOT / "docs" / "words-left.txt"
NOT_OURS = re.compile(
    r"\.git|deploy/words\.py|docs/words.*\.txt|locks/.*|.*/vendor/.*|.*\.(png|svg|ico|lock)"
)
NO_SOURCE = re.compile(r"\.|build$|node_modules$|__pycache__$|.*\.egg-info$")
PROSE = {tokenize.COMMENT, tokenize.STRING}
NAMES = "names"
SHOWN = 40
USER = re.compile("([\"'`])nobody([\"'`])")


def banned_words(lines: list[str]) -> dict[str, str]:
    """Return each banned word with what to write instead."""
    entries = (line.split(" = ", 1) for line in lines if line and not line.startswith("#"))
    return {word.strip(): instead.strip() for word, instead in entries}


def pieces(path: str, text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each piece of text with its first line's number; True marks a name in code."""
    if not path.endswith(".py"):
        yield 1, text, False
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in PROSE or token.type == tokenize.NAME:
            yield token.start[0], token.string, token.type == tokenize.NAME


def occurrences(path: str, text: str, banned: dict[str, str]) -> Iterator[tuple[int, str, bool]]:
    """Yield the line and the word of each occurrence, and whether it is a name in code.

    A phrase may be broken over two lines.
    """
    phrases = "|".join(r"[\s#*]+".join(map(re.escape, word.split())) for word in banned)
    pattern = re.compile(rf"\b({phrases})\b", re.IGNORECASE)
    for line, piece, is_name in pieces(path, text):
        for match in pattern.finditer(piece):
            word = " ".join(re.split(r"[\s#*]+", match[0].lower()))
            yield line + piece.count("\n", 0, match.start()), word, is_name


def allowance(lines: list[str]) -> dict[str, int]:
    """Return how many occurrences each folder may still have."""
    entries = (line.split() for line in lines if line and not line.startswith("#"))
    return {folder: int(count) for count, folder in entries}


def files() -> Iterator[str]:
    """Yield the path of every text file that people write."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not NO_SOURCE.match(name)]
        paths = (str(Path(folder, name).relative_to(ROOT)) for name in names)
        yield from (path for path in paths if not NOT_OURS.fullmatch(path))


def main() -> int:
    """Print what is wrong; return 1 where a folder has more occurrences than it may have."""
    banned = banned_words(WORDS.read_text().splitlines())
    allowed = allowance(LEFT.read_text().splitlines()) if LEFT.exists() else {}
    found: dict[str, list[str]] = {}
    for path in files():
        try:
            text = USER.sub(r"\1user\2", (ROOT / path).read_text())
        except UnicodeDecodeError:
            continue
        folder = next((name for name in allowed if path.startswith(name)), "")
        for line, word, is_name in occurrences(path, text, banned):
            kind = NAMES if is_name and NAMES in allowed else folder
            found.setdefault(kind, []).append(f"{path}:{line}: {word!r}; say {banned[word]}")
    too_many = {name for name, lines in found.items() if len(lines) > allowed.get(name, 0)}
    for name in sorted(too_many):
        lines = found[name]
        sys.stderr.write("\n".join(lines[:SHOWN]) + f"\n{len(lines)} in all\n")
    for name, limit in allowed.items():
        count = len(found.get(name, []))
        if count < limit:
            sys.stderr.write(f"docs/words-left.txt: lower {limit} {name} to {count}\n")
    return 1 if too_many else 0


if __name__ == "__main__":
    sys.exit(main())
