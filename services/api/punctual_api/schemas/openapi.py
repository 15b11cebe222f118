"""What marshmallow cannot say of itself, as OpenAPI."""

from typing import Any

from punctual.domain.schedule import MOST_SCHEDULES

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

EXIT_CODES: dict[str, Any] = {
    "type": "array",
    "items": {"type": "integer", "minimum": 1, "maximum": 255},
    "minItems": 1,
}
