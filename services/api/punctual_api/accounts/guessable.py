"""Guessable passwords: repeated, in sequence, or made of the user's data."""

from itertools import pairwise

SERVICE = "punctual"
SHORTEST_WORD = 3
SURPRISES = 4
"""A password with fewer characters that do not follow from those before is a pattern."""
LONGEST_UNIT = 7
"""What is repeated counts once, and a password has at least one character more."""

_ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv",
)
_NEIGHBOURS = frozenset(pair for row in _ROWS for way in (row, row[::-1]) for pair in pairwise(way))
# Signs are read as letters, and `i` as `l`, as `1` stands for both.
_LETTERS = str.maketrans("@4830$571!|i", "aabeosstllll")


def is_repetitive(password: str) -> bool:
    """Return whether a password repeats a unit, or follows a sequence of neighbours."""
    text = password.lower()
    if any(_repeats(text, length) for length in range(1, LONGEST_UNIT + 1)):
        return True
    surprises = sum(not _follows(one, other) for one, other in pairwise(text))
    return min(1 + surprises, len(set(text))) < SURPRISES


def own_words(username: str, email: str) -> set[str]:
    """Return the words of a user that guesses begin with, in lower case."""
    name, _, domain = email.lower().rpartition("@")
    labels = domain.split(".")[:-1]
    words = {SERVICE, username.lower(), email.lower()}
    for text in (username.lower(), name, *labels):
        words |= {text, _letters(text), *_parts(text)}
    return {word for word in words if len(word) >= SHORTEST_WORD}


def without_words(password: str, words: set[str]) -> str:
    """Return the password in lower case, without these words, also where signs stand for letters.

    The longest words go first.
    """
    rest, plain = password.lower(), password.lower().translate(_LETTERS)
    spelled = {word.translate(_LETTERS): word for word in words}
    for word in sorted(spelled, key=len, reverse=True):
        while (place := plain.find(word)) >= 0:
            rest = rest[:place] + rest[place + len(word) :]
            plain = plain[:place] + plain[place + len(word) :]
    return rest


def _repeats(text: str, length: int) -> bool:
    """Return whether a text is one of that length over and over, its end perhaps cut."""
    return len(text) >= 2 * length and all(
        one == other for one, other in zip(text, text[length:], strict=False)
    )


def _follows(one: str, other: str) -> bool:
    return abs(ord(one) - ord(other)) <= 1 or (one, other) in _NEIGHBOURS


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _parts(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in text).split()
