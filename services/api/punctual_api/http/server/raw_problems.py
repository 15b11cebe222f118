"""Problems as whole HTTP answers, for what never reaches the app."""

import json
from http import HTTPStatus

from punctual.store.schema.models.model import new_id
from punctual_api.http.problem_kinds import kind_of
from punctual_api.http.request_hooks import API_HEADERS

LONGEST_DETAIL = 300


def raw_problem(status: int, detail: str) -> bytes:
    """Return the answer with an error as problem+json, after which the connection ends."""
    request_id = new_id().hex
    kind = kind_of(status)
    problem = {
        "type": kind.type,
        "title": kind.title,
        "status": status,
        "detail": detail[:LONGEST_DETAIL],
        "instance": "",
        "errors": [],
        "request_id": request_id,
    }
    body = json.dumps(problem).encode()
    headers = {
        "Connection": "close",
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        "X-Request-ID": request_id,
        **{name: value for _, name, value in API_HEADERS},
    }
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


class StatusRecorder:
    """A socket's stand-in that notes the status of an answer and sends nothing."""

    def __init__(self) -> None:
        self.status: int | None = None

    def gettimeout(self) -> float:
        """Return 0, as of a socket that does not block."""
        return 0.0

    def sendall(self, data: bytes) -> None:
        """Note the status of the answer that begins here."""
        self.status = int(data.split(b" ", 2)[1])
