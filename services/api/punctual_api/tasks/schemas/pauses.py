"""Schemas of pauses."""

from marshmallow import RAISE, Schema

from punctual_api.http.fields import Instant


class PauseSchema(Schema):
    """How long a task is paused; without a body, until it is resumed."""

    class Meta:
        unknown = RAISE

    body_may_be_absent = True

    until = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "It resumes by itself at this time, which is still to come"},
    )
