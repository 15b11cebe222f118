"""Schemas with many fields of which few are sent."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from marshmallow import Schema, missing
from marshmallow.error_store import ErrorStore


class SparseSchema(Schema):
    """A schema whose absent fields get their defaults at once, not one after the other.

    What it accepts, refuses and answers is what marshmallow's own way would.
    """

    def _deserialize(self, data: Any, *, error_store: ErrorStore, **options: Any) -> Any:
        if options.get("many") or options.get("partial") or not isinstance(data, Mapping):
            return super()._deserialize(data, error_store=error_store, **options)
        sent: dict[str, Any] = {}
        defaults: dict[str, Any] = {}
        for name, field in self.load_fields.items():
            if name in data or field.required:
                sent[name] = field
            elif (default := field.load_default) is not missing:
                defaults[name] = default() if callable(default) else default
        asked = copy(self)
        asked.load_fields = sent
        values: Any = super(SparseSchema, asked)._deserialize(
            data, error_store=error_store, **options
        )
        return defaults | values
