"""JSON by orjson, and by the standard library what orjson refuses.

That is integers over 64 bits and lone surrogates, which users do send. What they send is not
read by orjson: it would make a float of such an integer.
"""

import json
from datetime import datetime

import orjson

from punctual.domain.instant import format_instant


def written(document: object) -> bytes:
    """Return the document as compact JSON in UTF-8, instants as the API writes them.

    Other types become text.
    """
    try:
        return orjson.dumps(document, default=str, option=orjson.OPT_UTC_Z)
    except TypeError:
        return json.dumps(document, default=_text, separators=(",", ":")).encode()


def _text(value: object) -> str:
    return format_instant(value) if isinstance(value, datetime) else str(value)


def as_text(document: object) -> str:
    """Return that JSON as text, for a statement's parameter or a log line."""
    return written(document).decode()


def read(text: bytes | bytearray) -> object:
    """Read JSON that this product wrote itself; raises ValueError for what is not JSON."""
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text.decode())
