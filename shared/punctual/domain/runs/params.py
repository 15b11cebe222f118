"""Parameters of a task: values for one run, with types and defaults."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from punctual.domain.errors import InvalidParams

MOST_PARAMS = 50
MOST_CHOICES = 100
LONGEST_TEXT = 4096
LONGEST_DESCRIPTION = 500
NAME = r"[a-z][a-z0-9_]{0,62}"
PREFIX = "PARAM_"

Value = str | int | float | bool
Values = dict[str, Value]

_KEYS = {"name", "type", "default", "choices", "required", "description"}
_LARGEST = 2**63


class ParamType(StrEnum):
    """The type of a parameter's value."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter; `default` None is none, `choices` only where the type is `choice`."""

    name: str
    type: ParamType
    default: Value | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    description: str = ""


def parse_params(document: object) -> tuple[Param, ...]:
    """Read a task's parameters as the API is sent them: a list of objects, null for none.

    Raises InvalidParams, and nothing else whatever the JSON, pointing into the list.
    """
    if document is None:
        return ()
    if not isinstance(document, Sequence) or isinstance(document, str | bytes):
        raise InvalidParams(
            "", 'Parameters are a list such as [{"name": "day", "type": "string"}].'
        )
    if len(document) > MOST_PARAMS:
        raise InvalidParams("", f"A task has at most {MOST_PARAMS} parameters.")
    params: list[Param] = []
    for place, one in enumerate(document):
        try:
            params.append(_parse_one(one, taken={param.name for param in params}))
        except InvalidParams as error:
            raise InvalidParams(f"/{place}{error.pointer}", error.detail) from None
    return tuple(params)


def read_params(document: object) -> tuple[Param, ...]:
    """Read a task's parameters as they are stored: what is no parameter by any rule is ignored.

    Unknown fields and limits of numbers and sizes are ignored; an unknown type is a string.
    """
    if not isinstance(document, list):
        return ()
    params: dict[str, Param] = {}
    for one in document:
        if isinstance(one, Mapping) and isinstance(name := one.get("name"), str):
            params.setdefault(name, _read_one(name, one))
    return tuple(params.values())


def _read_one(name: str, one: Mapping[str, object]) -> Param:
    kind, choices, default = one.get("type"), one.get("choices"), one.get("default")
    types = {each.value: each for each in ParamType}
    listed = (
        [each for each in choices if isinstance(each, str)] if isinstance(choices, list) else []
    )
    return Param(
        name,
        types.get(str(kind), ParamType.STRING),
        default if isinstance(default, str | int | float) else None,
        tuple(listed),
        one.get("required") is True,
        str(one.get("description", "")),
    )


def to_document(params: Sequence[Param]) -> list[dict[str, object]]:
    """Return the API's JSON for parameters, which parse_params reads back as the same ones."""
    return [
        {
            "name": param.name,
            "type": param.type.value,
            **({} if param.default is None else {"default": param.default}),
            **({"choices": list(param.choices)} if param.choices else {}),
            **({"required": True} if param.required else {}),
            **({"description": param.description} if param.description else {}),
        }
        for param in params
    ]


def values_for(params: Sequence[Param], given: Mapping[str, object]) -> Values:
    """Return the values of one run: what is given, and the defaults of the rest.

    A parameter with neither has none. Raises InvalidParams, pointing at the name, for a value of
    the wrong type, an unknown name, and a required parameter that was left out.
    """
    known = {param.name: param for param in params}
    for name in given:
        if name not in known:
            step = name.replace("~", "~0").replace("/", "~1")
            raise InvalidParams(f"/{step}", "The task has no such parameter.")
    values: Values = {}
    for name, param in known.items():
        value = given.get(name)
        if value is not None:
            values[name] = _checked(param.type, param.choices, value, pointer=f"/{name}")
        elif param.default is not None:
            values[name] = param.default
        elif param.required:
            raise InvalidParams(f"/{name}", "This parameter is required.")
    return values


def values_again(params: Sequence[Param], values: Mapping[str, object]) -> Values:
    """Return the values of a run for its rerun, as far as the task still declares them.

    Values that it no longer declares or accepts are replaced by the defaults. Raises
    InvalidParams for a required parameter that has no value now.
    """
    valid: dict[str, object] = {}
    for param in params:
        try:
            valid |= values_for([param], {param.name: values.get(param.name)})
        except InvalidParams:
            continue
    return values_for(params, valid)


def typed_value(param: Param, text: str) -> object:
    """Return typed text as the parameter's JSON value: None when empty, unchanged when invalid."""
    if param.type in (ParamType.STRING, ParamType.CHOICE):
        return text or None
    text = text.strip()
    if param.type == ParamType.BOOLEAN:
        return {"true": True, "false": False, "": None}.get(text, text)
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None


def environment_of(values: Mapping[str, object]) -> dict[str, str]:
    """Return the environment that a run gets for its values: `day` is PARAM_DAY."""
    return {PREFIX + name.upper(): text_of(value) for name, value in values.items()}


def text_of(value: object) -> str:
    """Return a value as a command reads it: true and false in lower case, numbers in digits."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parse_one(one: object, *, taken: set[str]) -> Param:
    if not isinstance(one, Mapping):
        raise InvalidParams("", 'A parameter is an object such as {"name": "day"}.')
    for key in one:
        if key not in _KEYS:
            step = str(key).replace("~", "~0").replace("/", "~1")
            raise InvalidParams(f"/{step}", "A parameter has no such field.")
    name, kind, required = one.get("name"), one.get("type", "string"), one.get("required", False)
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        raise InvalidParams(
            "/name", "A name is lower case letters, digits and _, and starts with a letter."
        )
    if name in taken:
        raise InvalidParams("/name", "Another parameter has this name.")
    if not isinstance(kind, str) or kind not in list(ParamType):
        raise InvalidParams("/type", f"A type is one of {', '.join(ParamType)}.")
    if not isinstance(required, bool):
        raise InvalidParams("/required", "This is true or false.")
    description = _text(one.get("description", ""), LONGEST_DESCRIPTION, pointer="/description")
    choices = _choices(kind, one.get("choices"))
    default = one.get("default")
    if default is not None:
        default = _checked(ParamType(kind), choices, default, pointer="/default")
    return Param(name, ParamType(kind), default, choices, required, description)


def _choices(kind: str, choices: object) -> tuple[str, ...]:
    if kind != ParamType.CHOICE:
        if choices is not None:
            raise InvalidParams("/choices", "Only a parameter of type choice has choices.")
        return ()
    if not isinstance(choices, list) or not 1 <= len(choices) <= MOST_CHOICES:
        raise InvalidParams("/choices", f"A choice has a list of 1 to {MOST_CHOICES} choices.")
    listed = tuple(_text(one, LONGEST_TEXT, pointer="/choices") for one in choices)
    if "" in listed or len(set(listed)) < len(listed):
        raise InvalidParams("/choices", "Choices are different from each other, and not empty.")
    return listed


def _checked(kind: ParamType, choices: Sequence[str], value: object, *, pointer: str) -> Value:
    match kind, value:
        case (ParamType.STRING, _):
            return _text(value, LONGEST_TEXT, pointer=pointer)
        case (ParamType.CHOICE, str()) if value in choices:
            return value
        case (ParamType.CHOICE, _):
            raise InvalidParams(pointer, f"Choose one of {', '.join(choices)}.")
        case (ParamType.BOOLEAN, bool()):
            return value
        case (ParamType.BOOLEAN, _):
            raise InvalidParams(pointer, "This is true or false.")
        case (ParamType.INTEGER, int()) if not isinstance(value, bool) and abs(value) < _LARGEST:
            return value
        case (ParamType.INTEGER, _):
            raise InvalidParams(pointer, "This is a whole number of 64 bits.")
        case (ParamType.NUMBER, int()) if not isinstance(value, bool) and (
            abs(value) < _LARGEST or _is_float(value)
        ):
            return value
        case (ParamType.NUMBER, float()) if math.isfinite(value):
            return value
    raise InvalidParams(pointer, "This is a number.")


def _is_float(digits: int) -> bool:
    # 1e+300 comes back from a database that keeps numbers in decimals with all its zeros.
    try:
        return Decimal(repr(float(digits))) == digits
    except OverflowError:
        return False


def _text(value: object, longest: int, *, pointer: str) -> str:
    if not isinstance(value, str):
        raise InvalidParams(pointer, "This is a string.")
    if len(value) > longest:
        raise InvalidParams(pointer, f"Longer than {longest} characters.")
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise InvalidParams(pointer, "Contains a NUL or half of a character.")
    return value
