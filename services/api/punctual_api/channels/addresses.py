"""Check and seal the addresses of channels."""

import base64
import logging
import secrets
import uuid
from typing import Any

from punctual.domain.alerts.apprise import SERVICES, apprise_fault
from punctual.domain.alerts.channels import ChannelKind, Part, masked, sealed_name, webhook_fault
from punctual.ops.sealing import SealingKey
from punctual_api.http.problems import Fault, invalid

SECRET_PREFIX = "whsec_"  # noqa: S105 - of secrets, and no secret itself
SECRET_BYTES = 32

UNREADABLE = (
    "Apprise cannot read this URL: see docs/guide/alerts.md for the form that each service has."
)

# It writes what it does not understand, keys included: into no log of ours.
_apprise_log = logging.getLogger("apprise")
_apprise_log.propagate = False
_apprise_log.addHandler(logging.NullHandler())


def new_signing_secret() -> str:
    """Return a new secret, in the form that libraries of Standard Webhooks take."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def check_address(kind: ChannelKind, url: str | None, to: list[str] | None) -> None:
    """Raise Problem 422 where a channel of this kind cannot have these."""
    faults = []
    if kind == ChannelKind.EMAIL:
        if to is None:
            faults.append(Fault("/to", "Needed for a channel of kind email."))
        if url is not None:
            faults.append(Fault("/url", "Not for a channel of kind email."))
    else:
        if to is not None:
            faults.append(Fault("/to", f"Not for a channel of kind {kind}."))
        if url is None:
            faults.append(Fault("/url", f"Needed for a channel of kind {kind}."))
        elif fault := _url_fault(kind, url):
            faults.append(Fault("/url", fault))
    if faults:
        raise invalid(faults)


def sealed(key: SealingKey, value: str, part: Part, *, team: uuid.UUID, id: uuid.UUID) -> bytes:  # noqa: A002
    """Return a part of a channel in a box that only notifiers open."""
    return key.seal(value, team_id=team, name=sealed_name(id, part))


def url_values(
    key: SealingKey,
    kind: ChannelKind,
    url: str,
    *,
    team: uuid.UUID,
    id: uuid.UUID,  # noqa: A002
) -> dict[str, Any]:
    """Return the columns of a channel with this URL."""
    box = sealed(key, url, Part.URL, team=team, id=id)
    return {"url": box, "key": key.id, "shown": masked(kind, url)}


def _url_fault(kind: ChannelKind, url: str) -> str | None:
    if kind == ChannelKind.WEBHOOK:
        return webhook_fault(url)
    if fault := apprise_fault(url):
        return fault
    from apprise import Apprise  # at its first use: it is large, and most requests need none

    service = Apprise.instantiate(url, suppress_exceptions=True)
    if service is None:
        return UNREADABLE
    # An address as a service gives it names the service only now.
    known = {*_words(service.protocol), *_words(service.secure_protocol)}
    return None if known & SERVICES.keys() else UNREADABLE


def _words(schemes: object) -> tuple[str, ...]:
    """Return Apprise's schemes of a service: none, one or several."""
    if not schemes:
        return ()
    return (schemes,) if isinstance(schemes, str) else tuple(schemes)  # type: ignore[arg-type]
