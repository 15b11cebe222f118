"""Strict fields: exact types, and only values that PostgreSQL can store."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

from punctual.domain.errors import InvalidPart, InvalidSchedule
from punctual.domain.instant import format_instant, parse_instant
from punctual.domain.names import name_fault
from punctual.domain.runs.params import parse_params
from punctual.domain.runs.params import to_document as to_params_document
from punctual.domain.schedules.new import parse_new_schedule
from punctual.domain.schedules.syntax import to_document
from punctual.domain.secrets.references import reference_fault
from punctual.domain.text import BYTE_ORDER_MARK

KIB = 1024
MAX_DEPTH = 100
MOST_FAULTY = 100

_ANY_ANCHOR = datetime(2000, 1, 1, tzinfo=UTC)  # whether a schedule can be kept hangs on no anchor
_ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
_LINE_END = re.compile(r"\r+\n")
_LOST_PLUS = re.compile(r"(?<=[\d.]) (?=\d\d:\d\d$)")


class Text(fields.String):
    """A string without NUL and without halves of characters."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if fault := unstorable(value):
            raise ValidationError(fault)
        return value


class Label(Text):
    """A label: one line of visible characters."""

    def __init__(self, **options: Any) -> None:
        metadata = {"pattern": _ONE_LINE, **options.pop("metadata", {})}
        super().__init__(metadata=metadata, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs).lstrip(BYTE_ORDER_MARK)
        if fault := name_fault(text):
            raise ValidationError(fault)
        return text


class Lines(Text):
    """Text that a program reads line by line: LF line ends, no byte order mark.

    Windows and some editors write both, and a shell takes them for a part of what they stand by.
    """

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        # What was saved is saved again as it is, so that nothing of this is left after one pass.
        return _LINE_END.sub("\n", text.lstrip(BYTE_ORDER_MARK))


class Number(fields.Float):
    """A JSON number; a string of digits is none."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        if not isinstance(value, int | float):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Flag(fields.Boolean):
    """A JSON boolean, true or false."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Instant(fields.Field[datetime]):
    """An RFC 3339 time with an offset; answered in UTC with Z."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        if isinstance(value, str):
            value = _LOST_PLUS.sub("+", value)  # an unescaped + in a query arrives as a blank
        try:
            return parse_instant(value, pointer="")
        except InvalidSchedule as error:
            raise ValidationError(error.detail) from None

    def _serialize(self, value: datetime | None, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else format_instant(value)


class ScheduleField(fields.Field[Any]):
    """When a task is due: an instant, a cron expression, an interval, or several of them."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            document = to_document(parse_new_schedule(value, anchor=_ANY_ANCHOR, pointer=""))
        except InvalidPart as error:
            raise ValidationError(fault_tree(error)) from None
        return document


class Params(fields.Field[Any]):
    """The parameters of a task."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            document = to_params_document(parse_params(value))
        except InvalidPart as error:
            raise ValidationError(fault_tree(error)) from None
        if len(json.dumps(document, ensure_ascii=False).encode()) > 64 * KIB:
            raise ValidationError("Longer than 64 KiB as JSON.")
        return document or None


class Document(fields.Field[dict[str, Any]]):
    """A JSON object of at most 64 KiB, stored as it was sent."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("Not a valid object.")
        if value and (fault := _unstorable_within(value)):
            raise ValidationError(fault)
        if value and len(json.dumps(value, ensure_ascii=False).encode()) > 64 * KIB:
            raise ValidationError("Longer than 64 KiB as JSON.")
        return value


class Environment(fields.Field[dict[str, Any]]):
    """Names and values of environment variables, at most 64 KiB of them; or secrets for values."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("Not a valid object.")
        faults: dict[str, list[str]] = {}
        for name, content in value.items():
            if not _VARIABLE.fullmatch(name):
                faults[name] = ["A name is letters, digits and _, and starts with no digit."]
            elif isinstance(content, dict):
                if fault := reference_fault(content):
                    faults[name] = [fault]
            elif not isinstance(content, str):
                faults[name] = ["Not a valid string."]
            elif fault := unstorable(content):
                faults[name] = [fault]
        if faults:
            raise ValidationError(faults)
        texts = (
            (name, text if isinstance(text, str) else str(text)) for name, text in value.items()
        )
        if sum(len(name) + len(text.encode()) + 2 for name, text in texts) > 64 * KIB:
            raise ValidationError("Longer than 64 KiB in total.")
        return value


class BoundedList(fields.List[Any]):
    """A list whose length is checked before its items are read; only the first faults are named."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        self._validate(value)
        read: list[Any] = []
        faults: dict[int, Any] = {}
        for place, item in enumerate(value):
            try:
                read.append(self.inner.deserialize(item, **kwargs))
            except ValidationError as error:
                faults[place] = error.messages
                if len(faults) == MOST_FAULTY:
                    break
        if faults:
            raise ValidationError(faults)
        return read


class ExitCodes(fields.Field[list[int]]):
    """Exit codes from 1 to 255, once each, in order."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[int]:
        if not isinstance(value, list) or not value:
            raise ValidationError("Not a list of exit codes, such as [75, 111].")
        for code in value:
            if not isinstance(code, int) or isinstance(code, bool) or not 1 <= code <= 255:
                raise ValidationError("Exit codes must be integers from 1 to 255.")
        return sorted(set(value))


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def unstorable(text: str) -> str | None:
    """Return why PostgreSQL could not keep this text, or None when it can."""
    if "\0" in text:
        return "Contains a NUL character."
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return "Contains half of a character (a lone surrogate)."
    return None


def fault_tree(error: InvalidPart) -> Any:
    """Return the message of a part, in marshmallow's tree."""
    messages: Any = [error.detail]
    for step in reversed(error.pointer.split("/")[1:]):
        messages = {step.replace("~1", "/").replace("~0", "~"): messages}
    return messages


def _unstorable_within(document: object) -> str | None:
    level: list[object] = [document]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for value in level:
            if isinstance(value, str):
                if fault := unstorable(value):
                    return fault
            elif isinstance(value, Mapping):
                below.extend(value.keys())
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        if not below:
            return None
        level = below
    return f"Nested more than {MAX_DEPTH} deep."
