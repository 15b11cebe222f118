"""What a task runs: a command, a script or an HTTP request, one of them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from punctual.domain.names import short_name
from punctual_api.http.fields import KIB, Lines, Text

TYPES = ("shell", "script", "http")
NAME_LENGTH = 80
LONGEST_COMMAND = 32 * KIB
LONGEST_BODY = 256 * KIB
ONE_OF_THEM = ("command", "script", "http")


def check_command(command: str) -> None:
    """Raise ValidationError for a command that is empty or too long."""
    _check_text(command, LONGEST_COMMAND, "A command must not be empty.")


def _body(body: str) -> None:
    _check_text(body, LONGEST_BODY, "A script must not be empty.")


def _check_text(text: str, longest: int, empty: str) -> None:
    if not text.strip():
        raise ValidationError(empty)
    if len(text.encode()) > longest:
        raise ValidationError(f"Longer than {longest // KIB} KiB.")


class ScriptSchema(Schema):
    """A script: what runs it, and its text."""

    class Meta:
        unknown = RAISE

    interpreter = Text(
        required=True,
        validate=validate.Regexp(
            r"^[A-Za-z0-9/._+-]{1,200}\Z", error="An interpreter is a name such as python3."
        ),
        metadata={"description": "An interpreter that the worker allows (PUNCTUAL_INTERPRETERS)"},
    )
    body = Lines(
        required=True,
        validate=_body,
        metadata={
            "minLength": 1,
            "maxLength": LONGEST_BODY,
            "description": "Saved to a file and run: it needs no quoting",
        },
    )


class Whole(fields.Nested):
    """An object that is sent as a whole, also where the rest is only a change."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, *args, **{**kwargs, "partial": False})


def choose_type(values: dict[str, Any], *, whole: bool) -> None:
    """Make the one that was sent stand in place of the others; raises ValidationError.

    `whole` means that the values are those of a whole task, and not changes to one.
    """
    sent = [name for name in ONE_OF_THEM if values.get(name) is not None]
    if len(sent) > 1:
        raise ValidationError(f"Send either {' or '.join(sent)}.", sent[-1])
    if not sent and (whole or any(name in values for name in ONE_OF_THEM)):
        raise ValidationError("Missing data for required field.", "command")
    if sent:
        values |= {name: None for name in ONE_OF_THEM if name != sent[0]}


def type_of(task: Any) -> str:
    """Return the type of a task, by which of them it has."""
    if task.http:
        return "http"
    return "script" if task.script else "shell"


def default_name(values: Mapping[str, Any]) -> str:
    """Return a task's name when none was given: its first line, or its request, shortened to 80."""
    script, request = values.get("script"), values.get("http")
    text: str
    if request is not None:
        text = f"{request['method']} {request['url']}"
    else:
        text = values["command"] if script is None else script["body"]
    lines = [line.strip() for line in text.strip().splitlines()]
    if script is not None and lines[0].startswith("#!"):
        lines = [line for line in lines[1:] if line] or lines
    return short_name(" ".join(lines[0].split()), longest=NAME_LENGTH)
