"""Fields of channels that are checked by rules of their own."""

import re
from collections.abc import Sequence
from datetime import time
from typing import Any

from marshmallow import ValidationError, fields

from punctual.domain.alerts.channels import LONGEST_URL, MOST_RECIPIENTS
from punctual.domain.alerts.events import EventKind
from punctual.domain.errors import InvalidSchedule
from punctual.domain.mail import is_deliverable
from punctual.domain.schedules.zone import zone_named

QUIET_SHAPE = 'Must be {"from": "22:00", "to": "07:00", "timezone": "Europe/Rome"}.'
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

QUIET: dict[str, Any] = {
    "type": "object",
    "properties": {
        "from": {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"},
        "to": {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"},
        "timezone": {"type": "string"},
        "urgent": {"type": "array", "items": {"type": "string", "enum": [*EventKind]}},
    },
    "required": ["from", "to", "timezone"],
    "additionalProperties": False,
    "description": "Quiet hours of each day: events wait until they end, but for the urgent kinds",
}


class ChannelUrl(fields.Field[str]):
    """A URL that no answer and no error repeats."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Not a valid string.")
        if not value or len(value) > LONGEST_URL:
            raise ValidationError(f"Must be 1 to {LONGEST_URL} characters long.")
        return value


class Recipients(fields.Field[list[str]]):
    """Addresses that mail is sent to, once each."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[str]:
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_RECIPIENTS:
            raise ValidationError(f"Must be a list of 1 to {MOST_RECIPIENTS} addresses.")
        faults = {
            place: ["Must be an address that mail can be sent to."]
            for place, one in enumerate(value)
            if not isinstance(one, str) or not is_deliverable(one)
        }
        if faults:
            raise ValidationError(faults)
        return list(dict.fromkeys(value))


class Quiet(fields.Field[dict[str, Any]]):
    """Quiet hours: times of day in a zone, and the kinds of events that pass."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError(QUIET_SHAPE)
        faults: dict[str, Sequence[str]] = {
            name: ["Unknown field."] for name in value.keys() - {"from", "to", "timezone", "urgent"}
        }
        for name in ("from", "to"):
            text = value.get(name)
            if not isinstance(text, str) or not _CLOCK.fullmatch(text):
                faults[name] = ["Must be a time of day such as 22:00."]
        try:
            zone = str(zone_named(str(value.get("timezone", ""))))
        except InvalidSchedule as error:
            zone, faults["timezone"] = "", [error.detail]
        urgent = value.get("urgent", [])
        if not isinstance(urgent, list) or not set(map(str, urgent)) <= set(EventKind):
            faults["urgent"] = [f"Must be a list of these: {', '.join(EventKind)}."]
        if faults:
            raise ValidationError(faults)
        if time.fromisoformat(value["from"]) == time.fromisoformat(value["to"]):
            raise ValidationError({"to": ["Must differ from the start."]})
        kinds = [str(kind) for kind in EventKind if kind in urgent]
        return {"from": value["from"], "to": value["to"], "timezone": zone, "urgent": kinds}
