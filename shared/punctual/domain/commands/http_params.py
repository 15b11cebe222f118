"""Parameters in HTTP requests: `$PARAM_DAY` or `${PARAM_DAY}` stands for the value of `day`.

A value is always one value where it is put, whatever it holds: it cannot change the host, add a
header or close a string.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeGuard
from urllib.parse import quote, quote_plus, unquote

from punctual.domain.errors import InvalidParams
from punctual.domain.runs.params import text_of

PLACEHOLDER = re.compile(r"\$PARAM_([A-Z][A-Z0-9_]*)|\$\{PARAM_([A-Z][A-Z0-9_]*)\}")
AUTHORITY = re.compile(r"[A-Za-z]+://[^/?#]*")
HEADER_TEXT = re.compile(r"[\t -~]*")
_STRING_OR_PLACEHOLDER = re.compile(rf'"(?:[^"\\]|\\.)*"?|{PLACEHOLDER.pattern}', re.DOTALL)
_FORM = "application/x-www-form-urlencoded"

Request = Mapping[str, Any]
Values = Mapping[str, object]


def names_in(request: Request) -> Iterator[tuple[str, str]]:
    """Yield each parameter that a request names, and where: `url`, `headers/X-Day` or `body`."""
    texts = {"url": request["url"], "body": request["body"] or ""}
    texts |= {f"headers/{name}": text for name, text in request["headers"].items()}
    for where, text in texts.items():
        for found in PLACEHOLDER.finditer(text):
            yield _name(found), where


def unused_params(request: object, names: Iterable[str]) -> list[str]:
    """Return those of the parameters that a stored request does not name."""
    if not is_request(request):
        return []
    used = {name for name, _ in names_in(request)}
    return [name for name in names if name not in used]


def is_request(stored: object) -> TypeGuard[Request]:
    """Return whether a stored request has the fields that are looked at here, as texts."""
    return (
        isinstance(stored, Mapping)
        and isinstance(stored.get("url"), str)
        and isinstance(stored.get("body"), str | None)
        and isinstance(stored.get("headers"), Mapping)
        and all(isinstance(text, str) for text in stored["headers"].values())
    )


def fill_in(request: Request, values: Values) -> dict[str, Any]:
    """Return the request with the values put in; a parameter without one is empty, or null in JSON.

    In the URL a value is percent-encoded; in a JSON body, by its Content-Type or its first
    character, it is a JSON value, or the inside of a string; in a form it is a field's. Raises
    InvalidParams, pointing at the name, for a value that cannot stand where it is to be put.
    """
    headers = {name: _header(name, text, values) for name, text in request["headers"].items()}
    body = request["body"]
    filled = None if body is None else _body(body, values, _content_type(headers))
    return {**request, "url": _url(request["url"], values), "headers": headers, "body": filled}


def _url(url: str, values: Values) -> str:
    authority = AUTHORITY.match(url)
    start = 0 if authority is None else authority.end()
    if found := PLACEHOLDER.search(url[:start]):
        raise InvalidParams(
            f"/{_name(found)}", "Parameters are not allowed in the host of a request."
        )
    path = re.split(r"[?#]", url[start:], maxsplit=1)[0]
    for segment in path.split("/"):
        found = PLACEHOLDER.search(segment)
        whole = unquote(_put(segment, values, _percent_encoded))
        if found is not None and whole in (".", ".."):
            raise InvalidParams(f"/{_name(found)}", "This would lead to another path (. or ..).")
    return url[:start] + _put(url[start:], values, _percent_encoded)


def _header(name: str, text: str, values: Values) -> str:
    def plain(value: object) -> str:
        return "" if value is None else text_of(value)

    for found in PLACEHOLDER.finditer(text):
        if not HEADER_TEXT.fullmatch(plain(values.get(_name(found)))):
            detail = f"The header {name} takes one line of printable ASCII."
            raise InvalidParams(f"/{_name(found)}", detail)
    return _put(text, values, plain)


def _content_type(headers: Mapping[str, str]) -> str:
    found = (text for name, text in headers.items() if name.lower() == "content-type")
    return next(found, "").partition(";")[0].strip().lower()


def _body(body: str, values: Values, content_type: str) -> str:
    if content_type.endswith("json") or (not content_type and body.lstrip()[:1] in ("{", "[")):
        return _json_body(body, values)
    if content_type == _FORM:
        return _put(body, values, lambda value: "" if value is None else quote_plus(text_of(value)))
    return _put(body, values, lambda value: "" if value is None else text_of(value))


def _json_body(body: str, values: Values) -> str:
    def put(found: re.Match[str]) -> str:
        if found[0].startswith('"'):
            return _put(found[0], values, _inside_string)
        return json.dumps(values.get(_name(found)))

    return _STRING_OR_PLACEHOLDER.sub(put, body)


def _inside_string(value: object) -> str:
    return "" if value is None else json.dumps(text_of(value))[1:-1]


def _percent_encoded(value: object) -> str:
    return "" if value is None else quote(text_of(value), safe="")


def _put(text: str, values: Values, written: Callable[[object], str]) -> str:
    return PLACEHOLDER.sub(lambda found: written(values.get(_name(found))), text)


def _name(found: re.Match[str]) -> str:
    return str(found[1] or found[2]).lower()
