"""JSON as it is written: by orjson, and by the standard library what orjson refuses.

That is whole numbers beyond 64 bits and halves of characters, and users send both. Nothing of
theirs is read by orjson: of such a number it would make a float.
"""

import json

import orjson


def written(document: object) -> bytes:
    """The document as compact JSON in UTF-8, in its own order; what JSON does not know as text."""
    try:
        return orjson.dumps(document, default=str)
    except TypeError:
        return json.dumps(document, default=str, separators=(",", ":")).encode()


def as_text(document: object) -> str:
    """What `written` writes, as a statement's parameter or a log line takes it."""
    return written(document).decode()
