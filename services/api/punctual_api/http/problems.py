"""Errors as problem+json (RFC 9457): the one place that maps errors to statuses."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

import structlog
from flask import Flask, Response, current_app, g, request
from gunicorn.http.errors import ParseException
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import ClientDisconnected, HTTPException, NotFound
from werkzeug.routing import RequestRedirect

from punctual.domain.errors import InvalidPart
from punctual.ops import telemetry
from punctual.store.driver.violations import missing_row
from punctual_api.http import problem_kinds
from punctual_api.http.database import OutcomeUnknown, roll_back
from punctual_api.http.database_watch import DatabaseAwayError
from punctual_api.http.problem_kinds import ProblemKind, kind_of

log = structlog.get_logger()

RETRY_AFTER_SECONDS = 5
OUTCOME_UNKNOWN = (
    "The database was lost before it said whether the change was kept. Repeat the request: with "
    "the same Idempotency-Key it is carried out once."
)
NOTHING_THERE = "There is nothing at this address. Ids in addresses are UUIDs."
PLAIN_IN_PATHS = "!$&'()*+,/:;=@"
READ_ONLY = "25006"  # the server has just become a standby: the next connection finds its heir


class Fault(NamedTuple):
    """One fault of a request: a JSON pointer and a message."""

    pointer: str
    detail: str


class Problem(HTTPException):
    """An answer that is an error; raise it anywhere in a request, and it is rolled back."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        kind: ProblemKind | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = status
        self.kind = kind or kind_of(status)
        self.faults = faults
        self.headers = dict(headers or {})


def not_found(what: str) -> Problem:
    """Return a 404 that is the same for what never was, is gone, or belongs to another user."""
    return Problem(404, f"There is no such {what}.")


def invalid(faults: Sequence[Fault]) -> Problem:
    """Return a 422 with each fault at its place."""
    first_faults = faults[:100]
    return Problem(422, "The request is invalid; see errors.", faults=first_faults)


def taken(detail: str, faults: Sequence[Fault] = ()) -> Problem:
    """Return a 409 for a name that another object has."""
    return Problem(409, detail, faults=faults, kind=problem_kinds.TAKEN)


def limit_reached(detail: str, *, status: int = 409) -> Problem:
    """Return the refusal of one more than there may be."""
    return Problem(status, detail, kind=problem_kinds.LIMIT_REACHED)


def faults_in(messages: object, pointer: str = "") -> Iterator[Fault]:
    """Return marshmallow's tree of messages as faults, each at its JSON pointer."""
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            step = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            yield from faults_in(below, pointer + step)
    elif isinstance(messages, list | tuple):
        for message in messages:
            yield from faults_in(message, pointer)
    else:
        yield Fault(pointer, str(messages))


def answer_errors(app: Flask) -> None:
    """Turn every error of the app into its answer.

    `app.extensions["punctual_error_page"]`, where set, answers people's browsers instead: it is
    called with the problem as a dict, and may decline with None.
    """
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(InvalidPart, _invalid_part)
    app.register_error_handler(ParseException, _unreadable_body)
    app.register_error_handler(Exception, _unexpected)


def _invalid_part(error: InvalidPart) -> Response:
    return _http_error(invalid([Fault(error.pointer, error.detail)]))


def _unreadable_body(error: ParseException) -> Response:
    detail = f"The body is not sent as HTTP has it: {error}."
    return _answer(400, detail, (), {"Connection": "close"})


def answer_problem(problem: Problem) -> Response:
    """Return the answer of a problem, for a handler that may not raise one."""
    return _http_error(problem)


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return current_app.make_response(error.get_response(request.environ))
    if error.code == 404 and (there := _with_slash()):
        return Response(status=308, headers={"Location": there})
    if isinstance(error, ClientDisconnected):
        return _answer(408, "The body did not arrive whole in time.", (), {"Connection": "close"})
    if error.description == NotFound.description:  # of the router, which speaks of browsers
        return _answer(404, NOTHING_THERE, (), {})
    headers = dict(getattr(error, "headers", {}))
    if allowed := getattr(error, "valid_methods", None):
        headers["Allow"] = ", ".join(sorted(allowed))
    kind = getattr(error, "kind", None)
    return _answer(error.code, error.description, getattr(error, "faults", ()), headers, kind)


def redirect_here(error: RequestRedirect) -> Response:
    """Answer a redirect of the router without naming a host."""
    return Response(status=error.code, headers={"Location": _path_of(error.new_url)})


def _path_of(url: str) -> str:
    """Return the URL without scheme and host: no response contains a client's Host header."""
    parts = urlsplit(url)
    path = "/" + parts.path.lstrip("/")
    return urlunsplit(("", "", path, parts.query, ""))


def _with_slash() -> str | None:
    # Flask redirects only a method that the address knows; the others deserve their 405 as well.
    adapter = current_app.create_url_adapter(request)
    if adapter is None or request.routing_exception is None:
        return None
    if request.path.endswith("/") or not adapter.allowed_methods(request.path + "/"):
        return None
    return _path_of(adapter.make_redirect_url(quote(request.path + "/", safe=PLAIN_IN_PATHS)))


def _unexpected(error: Exception) -> Response:
    if _database_is_away(error):
        telemetry.DATABASE_ERRORS.inc()
        # That it is away has been logged already: warn only of queries that were sent.
        write = log.debug if isinstance(error, DatabaseAwayError) else log.warning
        write("request refused", error=str(error.__cause__ or error))
        detail = "The database does not answer; nothing was changed."
        return _answer(503, detail, (), {"Retry-After": str(RETRY_AFTER_SECONDS)})
    if isinstance(error, OutcomeUnknown):
        telemetry.DATABASE_ERRORS.inc()
        log.warning("commit outcome lost", error=str(error))
        retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return _answer(503, OUTCOME_UNKNOWN, (), retry, problem_kinds.OUTCOME_UNKNOWN)
    if isinstance(error, IntegrityError) and (gone := missing_row(error)):
        return _http_error(not_found(gone))  # deleted since it was looked up
    log.error("request failed", exc_info=error)
    return _answer(500, "Internal error; nothing was changed.", (), {})


def _database_is_away(error: Exception) -> bool:
    if isinstance(error, DatabaseAwayError | OperationalError | InterfaceError | PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "pgcode", None) == READ_ONLY


def _answer(
    status: int,
    detail: str | None,
    faults: Sequence[Fault],
    headers: Mapping[str, str],
    kind: ProblemKind | None = None,
) -> Response:
    roll_back()
    kind = kind or kind_of(status)
    problem: dict[str, Any] = {
        "type": kind.type,
        "title": kind.title,
        "status": status,
        "detail": detail or HTTPStatus(status).description,
        "instance": request.path,
        "errors": [fault._asdict() for fault in faults],
        "request_id": g.get("request_id", ""),
    }
    page: Callable[[dict[str, Any]], Response | None] | None
    page = current_app.extensions.get("punctual_error_page")
    response = None if page is None or request.path.startswith("/api/") else page(problem)
    if response is None:
        # In ASCII: a pointer may repeat half a character that no encoding takes.
        response = Response(json.dumps(problem), mimetype="application/problem+json")
    response.status_code = status
    response.headers.update(headers)
    return response
