"""What the fields of a task say together, once each of them is right by itself."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

TOGETHER = ("schedule", "params")
"""The fields that these rules look at."""


def check_together(values: Mapping[str, Any]) -> None:
    """Raise ValidationError, its messages at their places, for fields that contradict each other.

    `values` are those of a whole task; of one that is changed, with what stays as it is.
    """
    if values["schedule"] is None:
        return
    for place, param in enumerate(values["params"] or ()):
        if not isinstance(param, Mapping):  # stored so, and ignored as no parameter
            continue
        if param.get("required") and "default" not in param:
            detail = "Runs by schedule have no value for it: give it a default, or no schedule."
            raise ValidationError({"params": {place: {"required": [detail]}}})
