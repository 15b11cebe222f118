"""JSON responses: compact, in insertion order, in UTF-8."""

from typing import Any

from flask import Response
from flask.json.provider import DefaultJSONProvider
from werkzeug.sansio.response import Response as AnyResponse

from punctual.ops.json_text import written


class Answers(DefaultJSONProvider):
    """Flask's JSON, written by orjson."""

    ensure_ascii = False
    sort_keys = False

    def response(self, *args: Any, **kwargs: Any) -> AnyResponse:
        """Return the answer that `jsonify` makes of one document."""
        if kwargs or len(args) != 1:
            return super().response(*args, **kwargs)
        return Response(written(args[0]) + b"\n", mimetype=self.mimetype)
