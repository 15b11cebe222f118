"""The kinds of problems: the one catalogue of what `type` of an error may say (RFC 9457)."""

from http import HTTPStatus
from typing import NamedTuple

PREFIX = "/problems/"


class ProblemKind(NamedTuple):
    """What a kind means, and what a client does then."""

    name: str
    statuses: tuple[int, ...]
    meaning: str
    remedy: str
    own_title: str = ""

    @property
    def type(self) -> str:
        """Where its page is, on every installation."""
        return f"{PREFIX}{self.name}/"

    @property
    def title(self) -> str:
        """The status's phrase, or what distinguishes this kind from others of its status."""
        return self.own_title or HTTPStatus(self.statuses[0]).phrase


BAD_REQUEST = ProblemKind(
    "bad-request",
    (400,),
    "The request cannot be read: its body is no JSON, its host no host name, its HTTP malformed.",
    "Correct what `detail` names. Sending the same again has the same answer.",
)
NOT_LOGGED_IN = ProblemKind(
    "not-logged-in",
    (401,),
    "The request has no token, or one that is wrong, has expired or was revoked.",
    "Send `Authorization: Token …` with a token of `POST /api/login/` or an access token.",
)
NOT_ALLOWED = ProblemKind(
    "not-allowed",
    (403,),
    "You may see this, and your role does not allow what you asked for.",
    "Ask an owner of the team for a higher role, or use a token that has it.",
)
NOT_FOUND = ProblemKind(
    "not-found",
    (404,),
    "There is no such object, or you may not see it: the answers are the same.",
    "Check the id or name, and whose token you send.",
)
METHOD_NOT_ALLOWED = ProblemKind(
    "method-not-allowed",
    (405,),
    "The address exists, and does not take this method.",
    "Use a method that the header `Allow` names.",
)
NOT_ACCEPTABLE = ProblemKind(
    "not-acceptable",
    (406,),
    "The address has no answer in a form that the header `Accept` allows.",
    "Accept `application/json`, or leave the header out.",
)
REQUEST_TIMEOUT = ProblemKind(
    "request-timeout",
    (408,),
    "The request did not arrive whole in time. Nothing was changed.",
    "Send it again, whole.",
)
CONFLICT = ProblemKind(
    "conflict",
    (409,),
    "The object's state does not allow this now. Nothing was changed.",
    "Read the object, decide again; `detail` says what stands in the way.",
)
TAKEN = ProblemKind(
    "taken",
    (409,),
    "Another object has this name already. Nothing was made.",
    "Choose another name, or change the object that has it.",
    "Name taken",
)
LIMIT_REACHED = ProblemKind(
    "limit-reached",
    (422, 409),
    "A team or user has as many of these as the operators allow. Nothing was made.",
    "Delete some, or ask an operator for more; `detail` says how many there are.",
    "Limit reached",
)
GONE = ProblemKind(
    "gone",
    (410,),
    "What was here has ended for good.",
    "Ask for a new one.",
)
VERSION_CHANGED = ProblemKind(
    "version-changed",
    (412,),
    "The object has changed since you read it: its version is not the one in `If-Match`.",
    "Read it again, apply your change to what it is now, and send the new `ETag`.",
)
TOO_LARGE = ProblemKind(
    "too-large",
    (413,),
    "The body is larger than this address takes.",
    "Send less at once; `detail` says how much it takes.",
)
ADDRESS_TOO_LONG = ProblemKind(
    "address-too-long",
    (414,),
    "The address, with its query, is longer than 8 KiB.",
    "Send fewer parameters at once.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemKind(
    "unsupported-media-type",
    (415,),
    "The body is of a kind that this address does not take.",
    "Send JSON, with `Content-Type: application/json`.",
)
MISDIRECTED = ProblemKind(
    "misdirected",
    (421,),
    "The server does not answer for the host that the request names.",
    "Use the installation's own address; operators name others in `PUNCTUAL_ALLOWED_HOSTS`.",
)
INVALID = ProblemKind(
    "invalid",
    (422,),
    "A value is missing or not allowed. Nothing was changed.",
    "Correct each place that `errors` names by a JSON pointer.",
)
KEY_REUSED = ProblemKind(
    "idempotency-key-reused",
    (422,),
    "This `Idempotency-Key` came with another request before. Nothing was made.",
    "Use a new key for a new request, and the same key only to repeat one.",
    "Idempotency key reused",
)
TOO_MANY_REQUESTS = ProblemKind(
    "too-many-requests",
    (429,),
    "More requests came than are answered in a minute, or too many logins failed.",
    "Wait as many seconds as the header `Retry-After` says.",
)
HEADERS_TOO_LARGE = ProblemKind(
    "headers-too-large",
    (431,),
    "A header has more than 8 KiB, or all of them more than 32 KiB.",
    "Send smaller headers; a browser's cookies may be old.",
)
INTERNAL_ERROR = ProblemKind(
    "internal-error",
    (500,),
    "Something is wrong in the server. Nothing was changed.",
    "Give an operator the `request_id`: the log has the cause under it.",
)
NOT_IMPLEMENTED = ProblemKind(
    "not-implemented",
    (501,),
    "The server does not know this form of HTTP.",
    "Send the body with `Content-Length`, or in chunks.",
)
UNAVAILABLE = ProblemKind(
    "unavailable",
    (503,),
    "The database or what else it takes is away. Nothing was changed.",
    "Send the request again after as many seconds as `Retry-After` says.",
)
OUTCOME_UNKNOWN = ProblemKind(
    "outcome-unknown",
    (503,),
    "The database was lost before it said whether the change was stored.",
    "Repeat the request: with the same `Idempotency-Key` it is carried out once.",
    "Outcome unknown",
)
HTTP_VERSION = ProblemKind(
    "http-version",
    (505,),
    "The server answers HTTP 1.0 and 1.1.",
    "Use one of these versions.",
)

KINDS = tuple(value for value in tuple(vars().values()) if isinstance(value, ProblemKind))
BY_NAME = {kind.name: kind for kind in KINDS}
_BY_STATUS = {kind.statuses[0]: kind for kind in reversed(KINDS) if not kind.own_title}


def kind_of(status: int) -> ProblemKind:
    """Return the kind of an error of which only the status is known."""
    return _BY_STATUS.get(status, BAD_REQUEST if status < 500 else INTERNAL_ERROR)
