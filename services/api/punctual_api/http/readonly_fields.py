"""Accept a GET response as a PUT body; ignore read-only fields."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, pre_load


def readonly_names(
    answer: type[Schema], *, decided: type[Schema], **more: str
) -> dict[str, fields.Field[Any]]:
    """Return the fields of an answer that its reader does not decide, as fields to be sent back.

    `more` says of single fields what decides them.
    """
    names = [name for name in answer().fields if name not in decided().fields]
    return {
        name: fields.Raw(
            allow_none=True,
            metadata={"description": f"As answered; ignored here{more.get(name, '')}"},
        )
        for name in names
    }


class SentBackSchema(Schema):
    """A schema that accepts a response; `Meta.include` names the fields it ignores."""

    @pre_load
    def _leave_unread(self, document: Any, **_: Any) -> Any:
        if not isinstance(document, Mapping):
            return document
        return {name: value for name, value in document.items() if name not in self.opts.include}
