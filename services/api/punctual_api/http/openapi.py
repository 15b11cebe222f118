"""OpenAPI for fields that marshmallow cannot describe."""

from typing import Any

from punctual.domain.runs.params import (
    LONGEST_DESCRIPTION,
    MOST_CHOICES,
    MOST_PARAMS,
    NAME,
    ParamType,
)
from punctual.domain.schedules.syntax import MOST_SCHEDULES
from punctual.domain.secrets.names import FILE_NAME
from punctual.domain.secrets.names import NAME as SECRET_NAME

_INSTANT = {"type": "string", "format": "date-time"}
_BOUND = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "Due only from the start up to and including the end",
}


def _one(key: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {key: value, **more, "start": _BOUND, "end": _BOUND}
    return {
        "type": "object",
        "properties": properties,
        "required": [key],
        "additionalProperties": False,
    }


_ONE = [
    _one("at", {**_INSTANT, "description": "With an offset; a time in the past runs at once"}),
    _one(
        "cron",
        {"type": "string", "examples": ["0 2 * * 1-5"]},
        timezone={"type": "string", "default": "UTC", "examples": ["Europe/Rome"]},
    ),
    _one(
        "every",
        {"type": "number", "minimum": 1, "description": "Seconds, counted from the start, if any"},
    ),
]

SCHEDULE: dict[str, Any] = {
    "description": "When it is due; a list = whenever one of them is; null = only by hand",
    "oneOf": [
        *_ONE,
        {"type": "array", "items": {"oneOf": _ONE}, "minItems": 1, "maxItems": MOST_SCHEDULES},
        {"type": "null"},
    ],
}

CATCH_UP = {
    "description": "Of the due times that a stop left behind: latest = the newest, unless a later "
    "one has come or started by then; all = every one; none"
}

EXIT_CODES: dict[str, Any] = {
    "type": "array",
    "items": {"type": "integer", "minimum": 1, "maximum": 255},
    "minItems": 1,
}

PARAMS: dict[str, Any] = {
    "description": "Values for a run by hand; the command reads them as PARAM_<NAME>, upper case",
    "type": "array",
    "maxItems": MOST_PARAMS,
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": f"^{NAME}$"},
            "type": {"type": "string", "enum": [*ParamType], "default": "string"},
            "default": {
                "type": ["string", "number", "boolean", "null"],
                "description": "Of the parameter's type; also the value of scheduled runs",
            },
            "choices": {
                "type": "array",
                "items": {"type": "string", "minLength": 1},
                "minItems": 1,
                "maxItems": MOST_CHOICES,
                "description": "Only, and always, where the type is choice",
            },
            "required": {
                "type": "boolean",
                "default": False,
                "description": "A run by hand needs a value unless there is a default",
            },
            "description": {"type": "string", "maxLength": LONGEST_DESCRIPTION},
        },
        "required": ["name"],
        "additionalProperties": False,
    },
}


def _secret(key: str, pattern: str, description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {key: {"type": "string", "pattern": f"^{pattern}$"}},
        "required": [key],
        "additionalProperties": False,
        "description": description,
    }


SECRETS = [
    _secret("secret", SECRET_NAME, "The value of a secret of the task's team"),
    _secret("secret_file", FILE_NAME, "The content of a file in the workers' folder of secrets"),
]
TEXT_OR_SECRET: dict[str, Any] = {"oneOf": [{"type": "string"}, *SECRETS]}

VALUES: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    "description": "Values of its parameters by name; the defaults stand for those left out",
}
