"""The team of an object, as it is sent and answered: its slug."""

from typing import Any

from marshmallow import fields, validate

from punctual_api.http.fields import Text

ANSWERED = {"description": "The slug of the team that it belongs to"}
LISTED = "Slug of the only team to list; all that you are in by default"
IN_QUERY: dict[str, Any] = {
    "in": "query",
    "name": "team",
    "description": LISTED,
    "schema": {"type": "string"},
}


def team_field() -> fields.Field[Any]:
    """Return the field of what is created; accounts/access.py reads it before, and decides."""
    return Text(
        load_only=True,
        allow_none=True,
        validate=validate.Length(max=64),
        metadata={"description": "Slug of its team; your personal one by default"},
    )


def team_query() -> fields.Field[Any]:
    """Return the parameter of a list; accounts/access.py reads it before, and decides."""
    return Text(load_default=None, metadata={"description": LISTED})
