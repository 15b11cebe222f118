"""What marshmallow cannot say of itself, as OpenAPI."""

from typing import Any

_INSTANT = {"type": "string", "format": "date-time"}


def _one(key: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {key: value, **more}
    return {
        "type": "object",
        "properties": properties,
        "required": [key],
        "additionalProperties": False,
    }


SCHEDULE: dict[str, Any] = {
    "description": "When it is due; null = only by hand",
    "oneOf": [
        _one("at", {**_INSTANT, "description": "With an offset; a time in the past runs at once"}),
        _one(
            "cron",
            {"type": "string", "examples": ["0 2 * * 1-5"]},
            timezone={"type": "string", "default": "UTC", "examples": ["Europe/Rome"]},
        ),
        _one("every", {"type": "number", "minimum": 1, "description": "Seconds"}),
        {"type": "null"},
    ],
}
