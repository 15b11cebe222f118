"""Plain text of messages: what users named or commands wrote can give no orders to its readers.

A chat may take `@everyone` for a call to all, `<!channel>` likewise, `[text](address)` for a link,
and a mail server takes a line end in a subject for a header more.
"""

import re
import unicodedata
from collections.abc import Iterable

WORD_JOINER = "\u2060"
"""Shows nothing, and lets no line end; put between characters, it keeps their order harmless."""

_MENTION = re.compile(r"@(?=everyone\b|here\b|channel\b|all\b|room\b)|<(?=[!@#])|\](?=\()", re.I)
_UNSEEN = frozenset(("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"))


def one_line(text: str, longest: int) -> str:
    """Return text as one line of visible characters, cut to `longest` of them."""
    shown = "".join(" " if unicodedata.category(char) in _UNSEEN else char for char in text)
    return cut(" ".join(shown.split()), longest)


def cut(text: str, longest: int) -> str:
    """Return text, or as much of it as fits, with an ellipsis."""
    return text if len(text) <= longest else text[: max(longest - 1, 0)].rstrip() + "…"


def harmless(text: str) -> str:
    """Return text in which no chat finds a mention of all or a link with other words."""
    return _MENTION.sub(lambda found: found[0] + WORD_JOINER, text)


def listed(words: Iterable[str]) -> str:
    """Return words as a list in a sentence: "a, b and c"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
