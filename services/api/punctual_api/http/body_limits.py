"""Body limits: small until the sender is authenticated."""

from typing import IO, cast

from flask import Flask, Request
from flask.globals import request_ctx
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.utils import cached_property
from werkzeug.wsgi import LimitedStream, get_input_stream

KIB = 1024
UNKNOWN_BYTES = 16 * KIB
"""Of a request without a valid token or session: a login, a registration."""
KNOWN_BYTES = 1024 * KIB
BULK_BYTES = 16 * 1024 * KIB
BULK = frozenset(
    {"bulk.create_tasks_in_bulk", "crontabs.import_crontab", "pages.import_crontab_form"}
)


class BodyStream(LimitedStream):
    """A body without a length, refused when it is longer than the limit: werkzeug cuts it off."""

    def readall(self) -> bytes:
        """Return the whole body."""
        read = super().readall()
        if self.is_exhausted and self._stream.read(1):
            raise RequestEntityTooLarge
        return read


class LimitedRequest(Request):
    """A request whose body is read whole or refused."""

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body."""
        most = self.max_content_length
        found = get_input_stream(self.environ, max_content_length=most)
        if most is not None and self.environ.get("wsgi.input_terminated"):
            found = cast("IO[bytes]", BodyStream(self.environ["wsgi.input"], most, is_max=True))
        return found


def limit_bodies(app: Flask) -> None:
    """Allow no more than a login takes, until take_body_of_user is called."""
    app.config["MAX_CONTENT_LENGTH"] = UNKNOWN_BYTES


def take_body_of_user() -> None:
    """Let this request's body be as long as a user's may be; its user is known."""
    request = request_ctx.request
    request.max_content_length = BULK_BYTES if request.endpoint in BULK else KNOWN_BYTES
