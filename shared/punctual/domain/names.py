r"""Names that people give: one line of visible characters.

What RFC 8264 (PRECIS, FreeformClass) disallows is refused: controls, characters that are ignored
where text is shown (among them those that turn its direction), private ones, and ones that are not
assigned. Joiners (RFC 5892, appendix A) and variation selectors are taken where they do something,
as scripts and emoji need them. Which letters join is not looked up, as Python does not know it.
"""

import re
import unicodedata
from collections.abc import Iterator

from punctual.domain.text import escaped

_REFUSED = frozenset(("Cc", "Cf", "Zl", "Zp", "Cn", "Co"))
_SHOWN = "LNPS"
"""First letters of the categories that show something by themselves."""

# Default_Ignorable_Code_Point of other categories than Cf.
_IGNORED = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_BLANK_OF_BRAILLE = "\u2800"
# Of category Cf, and shown: they enclose the digits that follow.
_NUMBER_SIGNS = re.compile(r"[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")
# Code points that Unicode keeps for pictographs: phones have new ones before Python does.
_PICTOGRAPHS = re.compile(r"[\U0001f000-\U0001faff]")
# Scripts of the Near East, South and South-East Asia, and Mongolia, whose letters join.
_JOINING = re.compile(
    r"[\u0600-\u0dff\u0e80-\u109f\u1780-\u18af\u1900-\u1c4f\ua840-\uaaff\uabc0-\uabff\ufb50-\ufdff"
    r"\ufe70-\ufefc\U00010ac0-\U00010aff\U00010d00-\U00010d3f\U00010f30-\U0001174f"
    r"\U0001e900-\U0001e95f]"
)
_FLAG_OF_REGION = re.compile(
    "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f"
)
ELLIPSIS = "…"
_ZWNJ, _ZWJ = "\u200c", "\u200d"
_STYLES = ("\ufe0e", "\ufe0f")  # as text, as a picture
_SKIN_OR_STYLE = re.compile(r"[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_STYLED_PUNCTUATION = "\u203c\u2049\u3030\u303d"
_KEYCAP = "\u20e3"


def name_fault(name: str) -> str | None:
    """Return why a new name is refused, in a sentence; None for a good one.

    How long it is, and whether it is there at all, is not looked at.
    """
    place = next(_unseen(name), None)
    if place is not None:
        char = name[place]
        title = unicodedata.name(char, "").lower()
        shown = f"U+{ord(char):04X}, {title}" if title else escaped(char)
        return f"Contains a character that does not show ({shown}): leave it out."
    if name and not any(map(_shows, name)):
        return "Looks empty: a name needs a letter, a digit or a sign."
    return None


def visible_name(text: str) -> str:
    """Return text as a name: what name_fault refuses stands there in backslash notation."""
    unseen = set(range(len(text))) if not any(map(_shows, text)) else set(_unseen(text))
    if not unseen:
        return text
    return "".join(escaped(char) if place in unseen else char for place, char in enumerate(text))


def short_name(text: str, *, longest: int) -> str:
    """Return text as a name of at most `longest` characters, with an ellipsis where it was cut."""
    name = visible_name(text)
    if len(name) <= longest:
        return name
    cut = name[: longest - 1] + ELLIPSIS
    while next(_unseen(cut), None) is not None:  # a joiner or a flag has lost what followed it
        cut = cut[:-2] + ELLIPSIS
    return cut


def _unseen(name: str) -> Iterator[int]:
    """Yield the places of characters that do not show, and do nothing where they stand."""
    if name.isprintable() and not _IGNORED.search(name):
        return
    in_flags = {place for flag in _FLAG_OF_REGION.finditer(name) for place in range(*flag.span())}
    for place, char in enumerate(name):
        if _may_hide(char) and place not in in_flags and not _does_something(name, place):
            yield place


def _shows(char: str) -> bool:
    shows = unicodedata.category(char)[0] in _SHOWN or _is_picture(char)
    return shows and char != _BLANK_OF_BRAILLE


def _may_hide(char: str) -> bool:
    if _IGNORED.match(char):
        return True
    return (
        unicodedata.category(char) in _REFUSED
        and not _NUMBER_SIGNS.match(char)
        and not _is_picture(char)
    )


def _does_something(name: str, place: int) -> bool:
    """Return whether a joiner or a variation selector changes what is shown, by its neighbours."""
    char, last, first = name[place], name[place - 1 : place], name[place + 1 : place + 2]
    if char == _ZWNJ:
        return _joins(last) and _joins(first)
    if char == _ZWJ:
        before = place - 1
        while before > 0 and _SKIN_OR_STYLE.match(name[before]):
            before -= 1
        picture = name[max(before, 0)] if place else ""
        return _joins(last) or _joins(first) or (_is_picture(picture) and _is_picture(first))
    if char in _STYLES and ((last > "\x7f" and _is_picture(last)) or last in _STYLED_PUNCTUATION):
        return bool(last)
    if char in _STYLES and first == _KEYCAP:
        return bool(re.fullmatch("[0-9#*]", last))
    if "\u180b" <= char <= "\u180f":
        return "\u1800" <= last <= "\u18af"
    # Variants of ideographs, as names of people in Japan need them.
    return _is_variation(char) and bool(last) and unicodedata.name(last, "").startswith("CJK ")


def _joins(char: str) -> bool:
    return bool(char and _JOINING.match(char)) and unicodedata.category(char)[0] in "LM"


def _is_picture(char: str) -> bool:
    if not char:
        return False
    category = unicodedata.category(char)
    return category in ("So", "Sm", "Sk") or (category == "Cn" and bool(_PICTOGRAPHS.match(char)))


def _is_variation(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
