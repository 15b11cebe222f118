"""A secret is masked as it is and as common programs encode it, whatever surrounds it."""

import base64
import json
import shlex
import subprocess
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual_worker.runner.masking.forms import MOST_PIECES, PIECE, forms_of
from punctual_worker.runner.masking.masker import MASK, Patterns, StreamMasker
from punctual_worker.runner.masking.output import output_of

PASSWORD = "gx7/Kq0+very=secret&?'ü"
KEY = "-----BEGIN PRIVATE KEY-----\n" + "".join(
    f"{base64.b64encode(bytes(range(n, n + 48))).decode()}\n" for n in range(0, 96, 16)
)
KEY += "-----END PRIVATE KEY-----\n"


def masked(value: str, text: str | bytes) -> str:
    masker = StreamMasker(Patterns(forms_of([value])))
    raw = text if isinstance(text, bytes) else text.encode()
    return (masker.feed(raw) + masker.finish()).decode(errors="replace")


@pytest.mark.parametrize(
    "form",
    [
        PASSWORD,
        quote(PASSWORD),
        quote(PASSWORD, safe=""),
        quote_plus(PASSWORD),
        quote(PASSWORD, safe="!'()*"),
        quote(PASSWORD, safe="").lower().replace("gx7", "gx7"),
        json.dumps(PASSWORD)[1:-1],
        json.dumps(PASSWORD, ensure_ascii=False)[1:-1],
        json.dumps(PASSWORD)[1:-1].replace("/", "\\/"),
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.urlsafe_b64encode(PASSWORD.encode()).decode(),
        PASSWORD.encode().hex(),
        PASSWORD.encode().hex().upper(),
        PASSWORD.replace("'", "'\\''"),
    ],
)
def test_common_encodings_are_masked_whole(form: str) -> None:
    value = PASSWORD.lower() if form == quote(PASSWORD, safe="").lower() else PASSWORD
    assert masked(value, f"<{form}>") == f"<{MASK.decode()}>"


def test_what_programs_make_of_it_does_not_show_it() -> None:
    assert "Kq0" not in masked(PASSWORD, urlencode({"password": PASSWORD, "a": "b"}))
    assert "Kq0" not in masked(PASSWORD, json.dumps({"password": PASSWORD}))
    assert "Kq0" not in masked(PASSWORD, shlex.quote(PASSWORD))


TRICKY = ("pa'ss\"word1234", "pässword 1234", "a b$c;d&e`f!~#1234", "one\ttwo'\\x1b 1234")


@pytest.mark.parametrize("value", TRICKY)
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize("script", ['printf %q "$V"', 'set -x; : "$V"', "declare -p V"])
def test_what_bash_writes_does_not_show_it(value: str, locale: str, script: str) -> None:
    done = subprocess.run(
        ["bash", "-c", script], env={"V": value, "LC_ALL": locale}, capture_output=True, check=True
    )
    shown = masked(value, done.stdout + done.stderr)
    assert MASK.decode() in shown
    assert "1234" not in shown
    assert value[:2] not in shown


@pytest.mark.parametrize("value", TRICKY)
@pytest.mark.parametrize("show", [repr, ascii, lambda value: repr(value.encode())])
def test_what_python_writes_does_not_show_it(value: str, show: Callable[[str], str]) -> None:
    assert masked(value, f"<{show(value)[1:-1].lstrip(chr(39))}>").count("1234") == 0


@given(
    before=st.binary(max_size=5),
    value=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=6, max_size=80),
    after=st.binary(max_size=5),
)
def test_base64_around_it_leaves_no_more_than_its_edges(
    before: bytes, value: str, after: bytes
) -> None:
    encoded = base64.b64encode(before + value.encode() + after)
    shown = masked(value, encoded)
    assert MASK.decode() in shown
    first, _, last = shown.partition(MASK.decode())
    assert len(first) <= -(-len(before) * 4 // 3) + 1
    assert len(last) <= -(-len(after) * 4 // 3) + 5


@pytest.mark.parametrize("columns", [64, 76])
def test_base64_in_lines_is_masked_line_by_line(columns: int) -> None:
    encoded = base64.b64encode(KEY.encode()).decode()
    lines = [encoded[at : at + columns] for at in range(0, len(encoded), columns)]
    shown = masked(KEY, "\n".join(lines))
    assert all(line in ("", MASK.decode()) or len(line) < 8 for line in shown.split("\n"))


def test_a_value_of_several_lines_is_masked_as_a_whole_and_line_by_line() -> None:
    assert masked(KEY, f"a\n{KEY}b\n") == f"a\n{MASK.decode()}b\n"
    for line in KEY.splitlines():
        assert masked(KEY, f"  {line}\r\n") == f"  {MASK.decode()}\r\n"
    mixed = KEY.replace("\n", "\n| ")
    assert not any(line in masked(KEY, mixed) for line in KEY.splitlines())


def test_a_value_with_a_line_end_is_masked_without_it_too() -> None:
    assert masked("correct-horse\n", "it is correct-horse.") == f"it is {MASK.decode()}."


@pytest.mark.parametrize("value", ["a", "abc", "é"])
def test_values_of_fewer_than_four_bytes_are_not_masked(value: str) -> None:
    assert forms_of([value]) == set()


def test_short_lines_and_encodings_of_short_values_are_not_masked() -> None:
    assert forms_of(["abcd"]) == {b"abcd"}
    assert b"{" not in forms_of(['{\n"key": "0123456789"\n}'])


def test_the_longest_values_are_masked_in_pieces() -> None:
    value = "".join(f"{number:08x}" for number in range(8192))
    forms = forms_of([value])
    assert max(map(len, forms)) == PIECE
    assert masked(value, f"<{value}>") == f"<{MASK.decode()}>"
    assert MASK.decode() in masked(value, value[1000:2000])


def test_sizes_and_limits_are_those_of_what_is_shown() -> None:
    output = output_of(100, ["correct-horse"])
    for _ in range(3):
        output.add(1, memoryview(b"x" * 10 + b"correct-"))
        output.add(2, b"error\n")
        output.add(1, b"horse\n")
    output.finish()
    expected = (b"x" * 10 + MASK + b"\n") * 3
    assert output.total == len(expected) + 18
    assert output.truncated == (output.total > 100)
    assert sum(length for _, length in output.segments()) == len(output.body()) <= 100
    assert b"horse" not in output.body()


def test_what_is_kept_back_comes_at_the_end() -> None:
    output = output_of(100, ["correct-horse"])
    output.add(1, b"it was correct")
    assert output.body() == b"it was "
    output.finish()
    assert output.body() == b"it was correct"
    output.finish()
    assert output.total == 14


def test_of_many_secrets_all_values_are_masked_and_encodings_of_the_shortest() -> None:
    values = [f"{number:04d}" * 1000 for number in range(32)] + ["short-password"]
    forms = forms_of(values)
    assert len(forms) < MOST_PIECES + 200
    assert b"short-password" in forms
    assert b"short-password".hex().encode() in forms
    masker = StreamMasker(Patterns(forms))
    for value in values:
        assert masker.feed(f"<{value}>\n".encode()) == f"<{MASK.decode()}>\n".encode()
