"""The forms in which a secret may stand in an output: as it is, by lines, and encoded.

docs/guide/secrets.md lists them. Values are cut into pieces of at most PIECE bytes, so that a
masker never keeps back more than that: a whole value is masked by all of its pieces, which touch.
"""

from __future__ import annotations

import binascii
import json
from itertools import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SHORTEST = 4  # bytes of a value; what is shorter would mask half of what a command writes
SHORTEST_LINE = 8  # bytes of a line of a value with several
SHORTEST_ENCODED = 6  # bytes of a value whose encodings are masked too
LONGEST_ENCODED = 4096
PIECE = 128
MOST_PIECES = 2048  # for a run: a runner needs some milliseconds for their tables
LINE_LENGTHS = (76, 64)  # of base64 in lines, as base64(1) and openssl have it

_SAFE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"
# Also safe to Python, and to encodeURIComponent; with each kind of digits, byte by byte.
_PERCENT_ENCODED = [
    [bytes((byte,)) if byte in _SAFE + more else b"%%%02x" % byte for byte in range(256)]
    for more in (b"", b"/", b"!'()*")
]
_PERCENT_ENCODED += [
    [text.upper() if text[0] == 37 else text for text in table] for table in _PERCENT_ENCODED
]
# As bash writes a word without quotes, one between double quotes, and one between $' and '; there
# bytes beyond ASCII are numbers or stay as they are, by the locale.
_BACKSLASHED = [
    [b"\\%c" % byte if byte in special else bytes((byte,)) for byte in range(256)]
    for special in (b" !\"$&'()*,;<>?[\\]^`{|}", b'"$\\`')
]
_ESCAPES = dict(zip(b"\a\b\t\n\v\f\r\x1b'\\", b"abtnvfrE'\\", strict=True))
_DOLLAR_QUOTED = [
    [
        b"\\%c" % _ESCAPES[byte]
        if byte in _ESCAPES
        else (bytes((byte,)) if 31 < byte < 127 or byte in shown else b"\\%03o" % byte)
        for byte in range(256)
    ]
    for shown in (range(0), range(128, 256))
]
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
# What stands in front decides about the first characters, by how many bytes it is beyond three.
_FIRST_OWN = (0, 2, 3)
_LAST_MIXED = (0, 3, 2)


def forms_of(values: Iterable[str]) -> set[bytes]:
    """Return every text that is masked, each at most PIECE bytes long.

    All values as they are; lines and encodings, of short values first, as far as MOST_PIECES go.
    """
    by_size = sorted({value.encode() for value in values}, key=len)
    found = {piece for raw in by_size for whole in _wholes(raw) for piece in _pieces(whole)}
    for form in chain(chain.from_iterable(map(_lines, by_size)), _all_encoded(by_size)):
        if len(found) >= MOST_PIECES:
            break
        found.update(_pieces(form))
    return found


def _wholes(raw: bytes) -> set[bytes]:
    return {whole for whole in (raw, raw.strip()) if len(whole) >= SHORTEST}


def _lines(raw: bytes) -> Iterator[bytes]:
    lines = raw.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= SHORTEST_LINE)


def _all_encoded(values: Iterable[bytes]) -> Iterator[bytes]:
    for raw in values:
        for whole in _wholes(raw):
            if SHORTEST_ENCODED <= len(whole) <= LONGEST_ENCODED:
                yield from _encoded(whole)


def _pieces(form: bytes) -> Iterator[bytes]:
    if len(form) <= PIECE:
        yield form
        return
    for start in range(0, len(form) - PIECE, PIECE):
        yield form[start : start + PIECE]
    yield form[-PIECE:]


def _encoded(raw: bytes) -> Iterator[bytes]:
    for form in _base64(raw):
        yield form
        yield form.translate(_URL_SAFE)
    for table in _PERCENT_ENCODED:
        encoded = b"".join([table[byte] for byte in raw])
        yield encoded
        yield encoded.replace(b"%20", b"+")
    text = raw.decode()
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode()
        yield escaped
        yield escaped.replace(b"/", b"\\/")
    yield from _quoted(raw, text)
    yield raw.hex().encode()
    yield raw.hex().upper().encode()


def _quoted(raw: bytes, text: str) -> Iterator[bytes]:
    """Yield it as shells show it after `set -x` and by `%q`, and as Python's repr() does."""
    for quote in (b"'\\''", b"'\"'\"'"):
        yield raw.replace(b"'", quote)
    for table in (*_BACKSLASHED, *_DOLLAR_QUOTED):
        yield b"".join([table[byte] for byte in raw])
    yield repr(text)[1:-1].encode()
    yield ascii(text)[1:-1].encode()
    yield repr(raw)[2:-1].encode()


def _base64(raw: bytes) -> Iterator[bytes]:
    """Yield it alone, in lines, and what is certain of it wherever it stands in what is encoded."""
    alone = binascii.b2a_base64(raw, newline=False)
    yield alone
    for length in LINE_LENGTHS:
        if len(alone) > length:
            lines = (alone[at : at + length] for at in range(0, len(alone), length))
            yield from (line for line in lines if len(line) >= SHORTEST_LINE)
    for before in range(3):
        encoded = binascii.b2a_base64(bytes(before) + raw, newline=False)
        yield encoded[_FIRST_OWN[before] : len(encoded) - _LAST_MIXED[(before + len(raw)) % 3]]
