"""Text of one line: names and labels, and the characters they may not contain."""

import codecs
import unicodedata

BYTE_ORDER_MARK = "\ufeff"
"""What some editors put in front of a text; programs that read it take it for a character."""

# Control characters, line and paragraph separators.
_UNSEEN = frozenset(("Cc", "Cf"))
_NOT_IN_A_LINE = frozenset(("Cc", "Zl", "Zp"))


def one_line(text: str) -> str:
    """Return the text with every control character and line end made visible."""
    if text.isprintable():
        return text
    return "".join(escaped(char) if _is_control(char) else char for char in text)


def decode_text(raw: bytes) -> str:
    """Return a file's text, UTF-8 or, where its byte order mark says so, UTF-16; without the mark.

    Raises ValueError for other bytes, saying what is read.
    """
    utf_16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return raw.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        allowed = "UTF-8, or UTF-16 with a byte order mark"
        raise ValueError(f"not text in {allowed}: {error.reason} at {error.start}") from None


def unseen_in(text: str, *, blanks: str = " \t\n") -> str | None:
    """Return what is odd with the first character that cannot be seen, other than `blanks`.

    In what is read word by word, a blank of another kind is a character like any other.
    """
    if text.isascii() and text.isprintable():
        return None
    for char in text:
        if char not in blanks and (char.isspace() or unicodedata.category(char) in _UNSEEN):
            name = unicodedata.name(char, "a control character").lower()
            return f"has an invisible U+{ord(char):04X} ({name})."
    return None


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in _NOT_IN_A_LINE


def escaped(char: str) -> str:
    """Return a character in backslash notation: `\\u202e`; a blank too."""
    return r"\x20" if char == " " else char.encode("unicode_escape").decode("ascii")
