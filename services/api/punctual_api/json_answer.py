"""JSON as it is answered: compact, in the order in which it was made, and in UTF-8."""

import json
from typing import Any

from flask.json.provider import DefaultJSONProvider


class Answers(DefaultJSONProvider):
    """Flask's JSON, whose encoder is made once and not for each answer."""

    ensure_ascii = False
    sort_keys = False

    def dumps(self, obj: Any, **options: Any) -> str:
        """The object as JSON; `options` are those of `json.dumps`."""
        return _ENCODER.encode(obj) if options == _COMPACT else super().dumps(obj, **options)


_COMPACT = {"separators": (",", ":")}
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=DefaultJSONProvider.default
)
