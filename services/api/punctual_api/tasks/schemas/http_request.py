"""An HTTP request as a task, as it is sent."""

import re
from typing import Any
from urllib.parse import urlsplit

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from punctual.domain.secrets.references import (
    misspelt_placeholder,
    reference_fault,
    references_in_text,
)
from punctual_api.http.fields import KIB, Flag, Number, Text
from punctual_api.http.openapi import SECRETS, TEXT_OR_SECRET

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MOST_HEADERS = 50
LONGEST_URL = 2000
LONGEST_BODY = 256 * KIB

BODY = {
    "oneOf": [{"type": "string"}, *SECRETS, {"type": "null"}],
    "description": "A text of at most 256 KiB, in which ${secret:name} is put in as parameters"
    " are; or a secret",
}

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OWN = {"connection", "content-length", "transfer-encoding", "expect", "upgrade", "te", "trailer"}


def check_url(url: str) -> None:
    """Raise ValidationError for what is no URL that a task may request."""
    if not re.fullmatch(r"[!-~]+", url):
        raise ValidationError("Must be printable ASCII without blanks; encode the rest with %.")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        parts, usable = None, False
    if parts is None or not usable:
        raise ValidationError("Must be a URL such as https://example.com/path.")
    if "$" in parts.netloc:
        raise ValidationError("Parameters are not allowed in the host; write it out.")
    if next(references_in_text(url), None) is not None:
        raise ValidationError(
            "Secrets are not allowed in a URL: send them in a header or the body."
        )
    if "@" in parts.netloc:
        raise ValidationError("Send credentials in an Authorization header, not in the URL.")


class Body(fields.Field[Any]):
    """The content of a request: a text, or a secret."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, dict):
            if fault := reference_fault(value):
                raise ValidationError(fault)
            return value
        body: str = Text().deserialize(value, attr, data, **kwargs)
        if len(body.encode()) > LONGEST_BODY:
            raise ValidationError(f"Longer than {LONGEST_BODY // KIB} KiB.")
        if wrong := misspelt_placeholder(body):
            raise ValidationError(_misspelt(wrong))
        return body


class Headers(fields.Field[dict[str, Any]]):
    """Names and values of a request's headers; a value is a text or a secret."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("Not a valid object.")
        if len(value) > MOST_HEADERS:
            raise ValidationError(f"More than {MOST_HEADERS} headers.")
        faults = {name: [fault] for name, text in value.items() if (fault := _fault(name, text))}
        if faults:
            raise ValidationError(faults)
        return value


def _fault(name: str, value: object) -> str | None:
    if not _HEADER.fullmatch(name) or len(name) > 100:
        return "A header's name is letters, digits and hyphens."
    if name.lower() in _OWN:
        return "This header is set by the request itself."
    return reference_fault(value) if isinstance(value, dict) else _text_fault(value)


def _text_fault(value: object) -> str | None:
    if not isinstance(value, str):
        return "Not a valid string."
    if wrong := misspelt_placeholder(value):
        return _misspelt(wrong)
    if not re.fullmatch(r"[\t -~]{0,8192}", value):
        return "A header's value is one line of printable ASCII, of at most 8192 characters."
    return None


def _misspelt(placeholder: str) -> str:
    return f"{placeholder} is no secret: write ${{secret:name}} or ${{secret_file:name}}."


class HttpSchema(Schema):
    """A request, and which answers are good."""

    class Meta:
        unknown = RAISE

    method = Text(load_default="GET", validate=validate.OneOf(METHODS))
    url = Text(
        required=True,
        validate=[validate.Length(max=LONGEST_URL), check_url],
        metadata={"description": "http or https, to an address that workers may reach"},
    )
    headers = Headers(
        load_default=dict, metadata={"type": "object", "additionalProperties": TEXT_OR_SECRET}
    )
    body = Body(load_default=None, allow_none=True, metadata=BODY)
    expect = fields.List(
        fields.Integer(strict=True, validate=validate.Range(100, 599)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 100),
        metadata={"description": "Statuses that count as success; null = 200 to 299"},
    )
    timeout = Number(
        load_default=30.0,
        validate=validate.Range(min=0.1, max=3600),
        metadata={
            "description": "Seconds it waits for a connection, and for each part of an answer"
        },
    )
    follow_redirects = Flag(load_default=True)

    @validates_schema
    def _together(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("method") == "HEAD" and data.get("body") is not None:
            raise ValidationError("A HEAD request has no body; leave it out.", "body")
