"""Schemas with many fields of which few are sent."""

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, missing
from marshmallow.error_store import ErrorStore

MOST_UNKNOWN = 100
"""The most unknown fields that an answer names; more would cost memory and help no further."""


class SparseSchema(Schema):
    """A schema that looks at what is sent, and not at each field whether it is.

    What it accepts, refuses and answers is what marshmallow's own way would, but for a document
    with more than MOST_UNKNOWN unknown fields.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        given = {name: field.load_default for name, field in self.load_fields.items()}
        given = {name: default for name, default in given.items() if default is not missing}
        self._required = [name for name, field in self.load_fields.items() if field.required]
        self._made = {name: default for name, default in given.items() if callable(default)}
        self._constant = {name: given[name] for name in given.keys() - self._made.keys()}

    def _deserialize(self, data: Any, *, error_store: ErrorStore, **options: Any) -> Any:
        plain = isinstance(data, Mapping) and options.get("unknown") == RAISE
        if not plain or options.get("many") or options.get("partial"):
            return super()._deserialize(data, error_store=error_store, **options)
        index = options.get("index") if self.opts.index_errors else None
        values: dict[str, Any] = dict(self._constant)
        values |= {name: make() for name, make in self._made.items() if name not in data}
        unknown = 0
        for name in (*data, *(name for name in self._required if name not in data)):
            field = self.load_fields.get(name)
            if field is None:
                unknown += 1
                if unknown > MOST_UNKNOWN:
                    break
                error_store.store_error([self.error_messages["unknown"]], name, index=index)  # type: ignore[no-untyped-call]
                continue
            try:
                values[name] = field.deserialize(data.get(name, missing), name, data)
            except ValidationError as error:
                error_store.store_error(error.messages, name, index=index)  # type: ignore[no-untyped-call]
        return values
