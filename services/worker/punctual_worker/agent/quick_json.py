"""The headers on the wire to the runner, written and read faster than by the standard library.

The runner itself stays with the standard library, so that it is up at once and small. What orjson
refuses, text that is no UTF-8 as a path may be, is left to that as well.
"""

from typing import Any

import orjson

from punctual_worker.runner.protocol import wire


def write(header: dict[str, Any]) -> bytes:
    """A header as JSON."""
    try:
        return orjson.dumps(header)
    except TypeError:
        return wire.write(header)


def read(text: bytes | bytearray) -> object:
    """What either `write` wrote; ValueError for what is not JSON."""
    try:
        return orjson.loads(text)
    except ValueError:
        return wire.read(text)
