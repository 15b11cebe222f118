"""JSON as it is answered: compact, in the order in which it was made, and in UTF-8."""

from typing import Any

from flask import Response
from flask.json.provider import DefaultJSONProvider
from werkzeug.datastructures import Headers
from werkzeug.sansio.response import Response as AnyResponse

from punctual.ops.json_text import written

WITH_BODY = (200, 201, 202)


class JsonAnswer(Response):
    """A document as an answer; a Location that it is given has to be a URI already."""

    def get_wsgi_headers(self, environ: Any) -> Headers:
        """Its headers as they stand: with a body, they lack nothing."""
        return self.headers if self.status_code in WITH_BODY else super().get_wsgi_headers(environ)


class Answers(DefaultJSONProvider):
    """Flask's JSON, written by orjson."""

    ensure_ascii = False
    sort_keys = False

    def response(self, *args: Any, **kwargs: Any) -> AnyResponse:
        """The answer that `jsonify` makes of one document."""
        if kwargs or len(args) != 1:
            return super().response(*args, **kwargs)
        return JsonAnswer(written(args[0]) + b"\n", mimetype=self.mimetype)
