"""The pings of a task, as they are sent."""

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from punctual.domain.commands.pings import PingEvent
from punctual_api.http.fields import Text
from punctual_api.tasks.schemas.http_request import LONGEST_URL, check_url

URLS = ("url", *PingEvent)


def _url(description: str) -> Text:
    return Text(
        load_default=None,
        allow_none=True,
        validate=[validate.Length(max=LONGEST_URL), check_url],
        metadata={"description": description},
    )


class PingSchema(Schema):
    """Where a monitor outside learns of runs, with GET."""

    class Meta:
        unknown = RAISE

    url = _url("As Healthchecks has it: /start, /fail or the exit code are added; success as it is")
    on = fields.List(
        fields.String(validate=validate.OneOf([*PingEvent])),
        load_default=lambda: [*PingEvent],
        validate=validate.Length(min=1),
        metadata={"description": "Which events are sent; all by default"},
    )
    start = _url("When the first attempt starts; requested as it is, in place of url")
    success = _url("When a run has succeeded; likewise")
    failure = _url("When a run has failed, timed out or was lost, after its retries; likewise")

    @validates_schema
    def _needs_a_url(self, data: dict[str, Any], **_: Any) -> None:
        if not any(data.get(name) for name in URLS):
            raise ValidationError("Send url, or one of start, success and failure.", "url")
