"""Parameters and secrets in HTTP requests.

`$PARAM_DAY` or `${PARAM_DAY}` stands for the value of the parameter `day`; `${secret:api}`, in a
header or a body, for that of a secret. A value is always one value where it is put, whatever it
holds: it cannot change the host, add a header or close a string. All are put in at once: a value
that looks like one of them stays what it is.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeGuard
from urllib.parse import quote, quote_plus, unquote

from punctual.domain.errors import InvalidParams, InvalidSecret
from punctual.domain.runs.params import text_of
from punctual.domain.secrets.references import PLACEHOLDER as SECRET
from punctual.domain.secrets.references import reference_of

PLACEHOLDER = re.compile(rf"\$PARAM_([A-Z][A-Z0-9_]*)|\$\{{PARAM_([A-Z][A-Z0-9_]*)\}}|{SECRET}")
AUTHORITY = re.compile(r"[A-Za-z]+://[^/?#]*")
HEADER_TEXT = re.compile(r"[\t -~]*")
_STRING_OR_PLACEHOLDER = re.compile(rf'"(?:[^"\\]|\\.)*"?|{PLACEHOLDER.pattern}', re.DOTALL)
_FORM = "application/x-www-form-urlencoded"

Request = Mapping[str, Any]
Values = Mapping[str, object]
"""Values of parameters by name, of secrets by placeholder."""


def names_in(request: Request) -> Iterator[tuple[str, str]]:
    """Yield each parameter that a request names, and where: `url`, `headers/X-Day` or `body`."""
    texts = {"url": request["url"], "body": request["body"] or ""}
    texts |= {f"headers/{name}": text for name, text in request["headers"].items()}
    for where, text in texts.items():
        for found in PLACEHOLDER.finditer(text) if isinstance(text, str) else ():
            if not _is_secret(found):
                yield _name(found), where


def unused_params(request: object, names: Iterable[str]) -> list[str]:
    """Return those of the parameters that a stored request does not name."""
    if not is_request(request):
        return []
    used = {name for name, _ in names_in(request)}
    return [name for name in names if name not in used]


def is_request(stored: object) -> TypeGuard[Request]:
    """Return whether a stored request has the fields that are looked at here, as they are saved."""
    return (
        isinstance(stored, Mapping)
        and isinstance(stored.get("url"), str)
        and (stored.get("body") is None or _is_value(stored["body"]))
        and isinstance(stored.get("headers"), Mapping)
        and all(map(_is_value, stored["headers"].values()))
    )


def _is_value(value: object) -> bool:
    return isinstance(value, str) or reference_of(value) is not None


def fill_in(request: Request, values: Values) -> dict[str, Any]:
    """Return the request with the values put in; a parameter without one is empty, or null in JSON.

    A secret without one stays as it is. In the URL a value is percent-encoded; in a JSON body, by
    its Content-Type or its first character, it is a JSON value, or the inside of a string; in a
    form it is a field's. Raises InvalidParams, or InvalidSecret, pointing at the name, for a value
    that cannot stand where it is to be put.
    """
    headers = {name: _header(name, text, values) for name, text in request["headers"].items()}
    body = request["body"]
    if isinstance(body, str):
        body = _body(body, values, _content_type(headers))
    elif reference := reference_of(body):
        body = values.get(reference.placeholder, body)
    return {**request, "url": _url(request["url"], values), "headers": headers, "body": body}


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


def _header(name: str, text: object, values: Values) -> Any:
    """Return a header's text; a secret that has no value stays the object that it is."""
    if reference := reference_of(text):
        if reference.placeholder not in values:
            return text
        text = reference.placeholder
    assert isinstance(text, str)  # noqa: S101 - for mypy: is_request

    def plain(value: object) -> str:
        return "" if value is None else text_of(value)

    for found in PLACEHOLDER.finditer(text):
        if not HEADER_TEXT.fullmatch(plain(values.get(_name(found)))):
            error = InvalidSecret if _is_secret(found) else InvalidParams
            detail = f"The header {name} takes one line of printable ASCII."
            raise error(f"/{_name(found)}", detail)
    return _put(text, values, plain)


def _content_type(headers: Mapping[str, Any]) -> str:
    found = (text for name, text in headers.items() if name.lower() == "content-type")
    return str(next(found, "")).partition(";")[0].strip().lower()


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
        return _put(found[0], values, json.dumps)

    return _STRING_OR_PLACEHOLDER.sub(put, body)


def _inside_string(value: object) -> str:
    return "" if value is None else json.dumps(text_of(value))[1:-1]


def _percent_encoded(value: object) -> str:
    return "" if value is None else quote(text_of(value), safe="")


def _put(text: str, values: Values, written: Callable[[object], str]) -> str:
    def put(found: re.Match[str]) -> str:
        name = _name(found)
        if _is_secret(found) and name not in values:
            return found[0]
        return written(values.get(name))

    return PLACEHOLDER.sub(put, text)


def _is_secret(found: re.Match[str]) -> bool:
    return found[1] is None and found[2] is None


def _name(found: re.Match[str]) -> str:
    return found[0] if _is_secret(found) else str(found[1] or found[2]).lower()
