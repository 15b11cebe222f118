"""Schemas of resource limits, within the maxima that an operator sets."""

from collections.abc import Callable
from typing import Any

from flask import has_app_context
from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate

from punctual.domain.runs.limits import cut
from punctual.ops.config import PREFIX, Settings
from punctual_api.http.context import settings
from punctual_api.http.fields import KIB, Number

DEFAULT_TIMEOUT = 3600.0


def within_maximum(name: str) -> Callable[[float], None]:
    """Return a validator that refuses more than the setting `max_<name>` allows."""

    def check(value: float) -> None:
        most = _maximum(name)
        if most and value > most:
            raise ValidationError(
                f"An operator allows at most {most:.17g} ({PREFIX}MAX_{name.upper()}): choose less,"
                " or ask an operator to raise it."
            )

    return check


def default_timeout() -> float:
    """Return the timeout of a task that is sent without one."""
    return allowed_timeout(DEFAULT_TIMEOUT)


def allowed_timeout(seconds: float) -> float:
    """Return a timeout, or an operator's maximum where that is lower."""
    return cut(seconds, float(_maximum("timeout_seconds")))


def chosen_timeout(seconds: float) -> float | None:
    """Return a task's timeout if a user chose it; None when it is the default."""
    return None if seconds == default_timeout() else seconds


class TimeoutField(Number):
    """Seconds; absent, it is the default or an operator's maximum, the lower of the two."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the number, or the default where there is none and one is wanted."""
        found = super().deserialize(value, *args, **kwargs)
        return default_timeout() if value is missing and found is not missing else found


def _maximum(name: str) -> float:
    found: Settings | None = settings() if has_app_context() else None
    return 0 if found is None else getattr(found, f"max_{name}")


class LimitsSchema(Schema):
    """What one attempt may use; what is absent or null is left to the worker."""

    class Meta:
        unknown = RAISE

    processes = fields.Integer(
        strict=True,
        allow_none=True,
        validate=[validate.Range(1, 1_000_000), within_maximum("processes")],
        metadata={"description": "Processes at once, threads included"},
    )
    memory_bytes = fields.Integer(
        strict=True,
        allow_none=True,
        validate=[validate.Range(KIB * KIB, 2**50), within_maximum("memory_bytes")],
        metadata={"description": "Memory of all its processes together"},
    )
    file_bytes = fields.Integer(
        strict=True,
        allow_none=True,
        validate=[validate.Range(1, 2**50), within_maximum("file_bytes")],
        metadata={"description": "Size of any one file it writes"},
    )
    disk_bytes = fields.Integer(
        strict=True,
        allow_none=True,
        validate=[validate.Range(1, 2**60), within_maximum("disk_bytes")],
        metadata={"description": "What all its files occupy, in HOME and temporary folders"},
    )
