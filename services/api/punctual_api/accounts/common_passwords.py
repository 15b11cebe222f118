"""Common passwords: the 30,000 most used, and the variants that people make of them."""

import re
from functools import cache

MORE = frozenset(
    """
        00000000 11111111 12341234 12344321 12345678 123456789 1234567890 123123123 1q2w3e4r
        1qaz2wsx 87654321 987654321 aa123456 abc12345 abcd1234 admin123 administrator asdfasdf
        asdfghjk asdfghjkl baseball basketball changeme changeme1 computer dragon123 football
        iloveyou jennifer letmein1 letmein123 liverpool master123 michelle monkey123 p@ssw0rd
        passw0rd password password1 password12 password123 princess punctual qazwsxedc qwer1234
        qwerty12 qwerty123 qwertyui qwertyuiop starwars sunshine superman test1234 testtest
        trustno1 welcome1 welcome123 whatever
        april august autumn december february january november october punctual september spring
    """.split()  # noqa: SIM905 - quoted one by one they would be harder to read
)
"""Not all in that list: this product's name, seasons, months, and some that people choose."""
SHORTEST = 3

# What people write for a letter; `1` and `!` stand for two of them.
_LETTERS = str.maketrans("@4830$57", "aabeosst")
_AS_L = str.maketrans("1!|", "lll")
_AS_I = str.maketrans("1!|", "iii")
_AFFIXES = re.compile(r"^[\W\d_]*(.*?)[\W\d_]*$", re.DOTALL)


def is_common(password: str) -> bool:
    """Return whether this is a common password, or one with letters replaced or signs around it."""
    plain = password.lower()
    core = without_affixes(plain)
    return any(
        len(spelled) >= SHORTEST and (spelled in _common() or spelled in MORE)
        for word in {plain, core}
        for spelled in _spellings(word)
    )


def without_affixes(password: str) -> str:
    """Return the password in lower case, without digits and signs at both ends."""
    return _AFFIXES.sub(r"\1", password.lower())


def _spellings(word: str) -> set[str]:
    letters = word.translate(_LETTERS)
    found = {word, letters.translate(_AS_L), letters.translate(_AS_I)}
    # A digit at the end may be an affix that was taken for a letter: `passw0rd1`.
    return found | {without_affixes(each) for each in found}


@cache
def _common() -> frozenset[str]:
    # Here and not sooner: it takes half a second and 10 MB, which few processes need.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])
