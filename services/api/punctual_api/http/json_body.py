"""JSON bodies, parsed strictly: values that PostgreSQL cannot store are refused."""

import codecs
import json
import re
from collections import Counter
from itertools import accumulate
from typing import Any, NoReturn

from flask import Request

from punctual.domain.text import BYTE_ORDER_MARK
from punctual_api.http.problems import Problem

MAX_DEPTH = 300
MAX_VALUES = 1_000_000
"""Each takes some 100 bytes of memory until the request is answered."""

NOT_JSON = "The body must be JSON, sent with the header Content-Type: application/json."

LONGEST_KEY = 100
"""Characters of a key that an error repeats."""

_READ = "punctual.json_body"


class RepeatedKey(ValueError):
    """An object names a key twice; the last value would win, and may be the wrong one."""


def read_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of these members, as a decoder's object_pairs_hook; raises RepeatedKey."""
    members = dict(pairs)
    if len(members) < len(pairs):
        key, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise RepeatedKey(f"The key {json.dumps(key[:LONGEST_KEY])} appears twice in one object.")
    return members


def json_body(request: Request) -> Any:
    """Return the body of a request, parsed only once.

    Raises Problem: 415 for another content type, 400 for what is no JSON (NaN and Infinity are
    none), nested too deeply or names a key twice, 413 for more bytes or values than the app takes.
    """
    if _READ not in request.environ:
        request.environ[_READ] = _parse(request)
    return request.environ[_READ]


def refuse_unlabelled_json(request: Request) -> None:
    """Raise Problem 415 for a body that is no form: JSON without its header, as `curl -d` sends it.

    For addresses that take a form or JSON, where the header decides which of them it is.
    """
    if request.mimetype == "multipart/form-data":
        return
    body = request.get_data(cache=True)
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    if body and (not is_form or body.lstrip().startswith((b"{", b"["))):
        raise Problem(415, f"{NOT_JSON} Or send the page's form.")


def _parse(request: Request) -> Any:
    raw = request.get_data(cache=True)
    if not raw:
        raise Problem(400, "The body is empty; send a JSON object.")
    if not request.is_json:
        raise Problem(415, NOT_JSON)
    _check_size(raw)
    try:
        document = _DECODER.decode(raw.decode().removeprefix(BYTE_ORDER_MARK))
    except UnicodeDecodeError as error:
        utf_16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        why = "a UTF-16 byte order mark goes before it; send UTF-8" if utf_16 else error.reason
        raise Problem(400, f"The body is not UTF-8: {why}.") from None
    except RepeatedKey as error:
        raise Problem(400, str(error)) from None
    except ValueError as error:
        raise Problem(400, f"The body is not JSON: {error}.") from None
    return document


def _check_size(raw: bytes) -> None:
    # Of most bodies, a count of bytes says enough: what stands in strings counts as well.
    brackets = raw.count(b"[") + raw.count(b"{")
    if brackets > MAX_DEPTH or brackets + raw.count(b",") > MAX_VALUES:
        outside = _STRING.sub(b"", raw)
        brackets = outside.count(b"[") + outside.count(b"{")
        if brackets + outside.count(b",") > MAX_VALUES:
            raise Problem(413, f"The body has more than {MAX_VALUES:,} values; send fewer at once.")
        if brackets > MAX_DEPTH and _depth(outside) > MAX_DEPTH:
            raise Problem(400, f"The body is nested more than {MAX_DEPTH} deep.")


def _depth(outside: bytes) -> int:
    depths = accumulate(1 if byte in b"[{" else -1 for byte in outside.translate(None, _NO_BRACKET))
    return max(depths, default=0)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_DECODER = json.JSONDecoder(
    parse_constant=_refuse, parse_float=_finite, object_pairs_hook=read_members
)
