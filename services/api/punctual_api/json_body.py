"""JSON bodies, read strictly: what PostgreSQL could not keep is refused here."""

import json
from typing import Any, NoReturn

from flask import Request

from punctual_api.errors import Problem

MAX_DEPTH = 100


def json_body(request: Request) -> Any:
    """The body of a request.

    Raises Problem: 415 for another content type, 400 for what is no JSON (NaN and Infinity are
    none), 413 for more bytes than the app takes.
    """
    raw = request.get_data(cache=True)
    if not raw:
        raise Problem(400, "The body is empty; send a JSON object.")
    if not request.is_json:
        raise Problem(415, "The body must be JSON, sent with Content-Type: application/json.")
    try:
        document = _DECODER.decode(raw.decode())
    except UnicodeDecodeError as error:
        raise Problem(400, f"The body is not UTF-8: {error.reason}.") from None
    except RecursionError:
        raise Problem(400, "The body is nested too deeply.") from None
    except ValueError as error:
        raise Problem(400, f"The body is not JSON: {error}.") from None
    return document


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
