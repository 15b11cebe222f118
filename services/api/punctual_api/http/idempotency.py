"""Idempotency-Key: run a creation once, even when it is repeated after a lost response."""

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence

from flask import Response, request

from punctual.store.accounts.idempotency import take_key
from punctual.store.schema.models.model import new_id
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session, user_id
from punctual_api.http.json_body import json_body
from punctual_api.http.problem_kinds import KEY_REUSED
from punctual_api.http.problems import Fault, Problem, invalid

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MAX_LENGTH = 255

PARAMETER = {
    "in": "header",
    "name": HEADER,
    "description": "The same key with the same body creates once and answers the same",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": "^[ -~]+$"},
}


Answer = Callable[[Sequence[uuid.UUID]], Response]


def create_once(
    count: int,
    *,
    create: Answer,
    again: Answer,
    principal_id: uuid.UUID | None = None,
    sent: object = None,
) -> Response:
    """Have `create` make `count` rows, unless this request's key has made them: then `again`.

    Both are handed the ids of the rows. Raises Problem 422 for a key that was used with another
    body. A request without a user names in `principal_id` whose keys count, and in `sent` what its
    body, which may be a form, was read as.
    """
    ids = [new_id() for _ in range(count)]  # ascending, as they are sent
    key = idempotency_key()
    if key is not None:
        if principal_id is None:
            principal_id, sent = user_id(), _document()
        before = take_key(
            session(),
            principal_id=principal_id,
            key=key,
            fingerprint=_fingerprint(sent),
            ids=ids,
        )
        if before == "other":
            detail = f"This {HEADER} was used with another request."
            raise Problem(422, detail, kind=KEY_REUSED)
        if before is not None:
            changed_nothing()
            response = again(before)
            response.headers[REPLAYED] = "true"
            return response
    return create(ids)


def idempotency_key() -> str | None:
    """Return the key of this request; raises Problem 422 for what can be none."""
    key = request.headers.get(HEADER)
    if key is not None and not (0 < len(key) <= MAX_LENGTH and key.isascii() and key.isprintable()):
        detail = f"It has 1 to {MAX_LENGTH} printable ASCII characters."
        raise invalid([Fault(f"/{HEADER}", detail)])
    return key


def _document() -> object:
    return json_body(request) if request.get_data(cache=True) else None


def _fingerprint(sent: object) -> bytes:
    canonical = json.dumps(sent, sort_keys=True, separators=(",", ":"))
    named = f"?team={team}" if (team := request.args.get("team")) else ""
    return hashlib.sha256(f"{request.path}{named} {canonical}".encode()).digest()
