# ruff: noqa: RUF001 - names of many scripts
"""Which names are taken: RFC 8264, RFC 5892 (appendix A) and Unicode's emoji sequences decide."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from punctual.domain.names import name_fault, short_name, visible_name

GOOD = {
    "blanks within": "Nightly  backup",
    "no-break space": "10\u00a0km",
    "Cyrillic and Han": "ночь 夜",
    "Hebrew": "גיבוי לילי",
    "Persian, with a joiner between words' parts": "نیم\u200cشب و کتاب\u200cها",
    "Persian abbreviation": "ه\u200d.ش",
    "Hindi half form": "क्\u200dष",
    "Sinhala conjunct": "ශ්\u200dරී",
    "Arabic number sign": "\u0600\u0661",
    "Mongolian variant": "\u182d\u180b",
    "Japanese name": "葛\U000e0100城",
    "emoji": "🌙 ☀️ ‼️ ©️",
    "emoji as text": "☎︎",
    "keycap": "1️⃣ #️⃣",
    "family": "👨‍👩‍👧‍👦",
    "skin": "👩🏽‍💻",
    "heart on fire": "❤️‍🔥",
    "nodding": "🙂‍↕️",
    "flag of England": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "an emoji newer than this Python": "\U0001fadf",
    "accents": "e\u0301te\u0301",
    "Braille": "⠓⠊\u2800⠽⠕⠥",
}

BAD = {
    "bidi override": "safe\u202egpj.exe",
    "bidi isolate": "a\u2067b",
    "mark of direction": "a\u200eb",
    "zero-width space": "nightly\u200b",
    "word joiner": "a\u2060b",
    "byte order mark within": "a\ufeffb",
    "soft hyphen": "back\u00adup",
    "joiner between Latin letters": "a\u200cb",
    "wide joiner between Latin letters": "a\u200db",
    "joiner at the end": "نیم\u200c",
    "joiner between a letter and an emoji": "a\u200d🌙",
    "selector after a letter": "a\ufe0f",
    "selector after a digit": "1\ufe0f",
    "selector after nothing": "\ufe0f",
    "tags after a letter": "a\U000e0062\U000e007f",
    "tags without an end": "🏴\U000e0067\U000e0062",
    "grapheme joiner": "a\u034fb",
    "Hangul filler": "a\u3164",
    "musical control": "a\U0001d173b",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "line end": "a\nb",
    "delete": "a\x7fb",
    "escape": "a\x1b[31m",
    "private": "a\ue000",
    "not assigned": "a\u0378",
    "no character": "a\uffff",
}

EMPTY = [" ", "   ", "\u00a0", "\u3000", "\u2800", "\u0301", " \u2009 "]


@pytest.mark.parametrize("name", GOOD.values(), ids=GOOD)
def test_a_name_in_any_script_and_with_emoji_is_taken_as_it_is(name: str) -> None:
    assert name_fault(name) is None
    assert visible_name(name) == name


@pytest.mark.parametrize("name", BAD.values(), ids=BAD)
def test_a_name_with_a_character_that_does_not_show_is_refused(name: str) -> None:
    assert "does not show" in (name_fault(name) or "")
    assert name_fault(visible_name(name)) is None


@pytest.mark.parametrize("name", EMPTY, ids=ascii)
def test_a_name_that_looks_empty_is_refused(name: str) -> None:
    assert "Looks empty" in (name_fault(name) or "")


def test_the_character_is_named() -> None:
    assert "(U+202E, right-to-left override)" in (name_fault("a\u202eb") or "")
    assert r"(\x1b)" in (name_fault("\x1b") or "")


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("  ")
def test_what_is_taken_has_no_control_and_no_direction_of_its_own(name: str) -> None:
    if name_fault(name) is None:
        kinds = {unicodedata.category(char) for char in name}
        assert not kinds & {"Cc", "Zl", "Zp", "Co"}
        turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        assert not turning & {unicodedata.bidirectional(char) for char in name}
    assert name_fault(visible_name(name)) is None


PIECES = [
    "a",
    "é",
    "\u0301",
    "👩🏽‍💻",
    "❤️‍🔥",
    "1️⃣",
    "نیم\u200cشب",
    "🏴\U000e0067\U000e0062\U000e007f",
    "\u202e",
]


@given(st.lists(st.sampled_from(PIECES)).map("".join), st.integers(10, 30))
def test_a_text_made_a_name_and_cut_is_a_name_that_may_be_sent_back(
    text: str, longest: int
) -> None:
    name = short_name(text, longest=longest)
    assert name_fault(name) is None
    assert len(name) <= longest


@pytest.mark.parametrize(
    "unit", ["é\u200d", "👩🏽‍", "ن\u200c", "\u202e", "🏴\U000e0067", "\U0001f3fb"]
)
def test_a_very_long_name_is_read_in_one_pass(unit: str) -> None:
    name_fault(unit * 300_000)
    visible_name(unit * 30_000)
