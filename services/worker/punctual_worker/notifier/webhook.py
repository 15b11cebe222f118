"""Webhooks as Standard Webhooks has them: signed, and the same id in each attempt."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pycurl
from standardwebhooks.webhooks import Webhook

from punctual.domain.commands.addresses import Network
from punctual.store.alerts.sending import Outcome
from punctual_worker.commands.http_transfer import Head, Request, TransferError, one_line, transfer
from punctual_worker.notifier.limits import STEP_SECONDS, WHOLE_SECONDS

MOST_SHOWN = 200
"""Characters of an answer's body in the log of deliveries."""

SCHEMES = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS


def webhook_id(delivery_id: uuid.UUID) -> str:
    """Return the id by which a receiver knows a message again."""
    return f"msg_{delivery_id.hex}"


def send_webhook(
    url: str,
    secret: str,
    data: Mapping[str, Any],
    *,
    delivery_id: uuid.UUID,
    now: datetime,
    allowed: tuple[Network, ...],
) -> Outcome:
    """Post a message, and return what was answered; a redirect is not followed."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    known_as = webhook_id(delivery_id)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Punctual",
        "webhook-id": known_as,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(known_as, now, body),
    }
    answer = bytearray()

    def take(piece: bytes) -> bool:
        answer.extend(piece[: max(0, 4 * MOST_SHOWN - len(answer))])
        return True

    try:
        request = Request(
            method="POST",
            url=pycurl.CurlUrl(url.encode()),
            headers=headers,
            body=body.encode(),
            timeout=STEP_SECONDS,
            schemes=SCHEMES,
            total_timeout=WHOLE_SECONDS,
        )
        head = transfer(request, allowed=allowed, on_head=lambda _head: True, on_body=take)
    except TransferError as failure:
        return Outcome(False, str(failure)[:MOST_SHOWN])
    except pycurl.error as error:
        return Outcome(False, f"the URL cannot be used: {error.args[-1]}"[:MOST_SHOWN])
    return _judged(head, bytes(answer))


def _judged(head: Head, answer: bytes) -> Outcome:
    if 200 <= head.status < 300:
        return Outcome(True, f"answered {head.phrase}", head.status)
    output = one_line(answer.decode(errors="replace"))[:MOST_SHOWN]
    detail = f"answered {head.phrase}" + (f": {output}" if output else "")
    return Outcome(False, detail, head.status)
