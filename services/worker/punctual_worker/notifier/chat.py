"""Chats and pagers, by Apprise: over HTTP alone, to checked addresses, and without any file."""

import logging
import re
from contextvars import ContextVar

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from punctual.domain.alerts.apprise import SERVICES, apprise_fault
from punctual.domain.alerts.message import Message
from punctual.store.alerts.sending import Outcome
from punctual_worker.notifier.limits import CONNECT_SECONDS, STEP_SECONDS, WHOLE_SECONDS
from punctual_worker.notifier.safe_connect import limited

MOST_SHOWN = 200
STATUS = re.compile(r"error=(\d{3})\b")
UNREADABLE = "Apprise cannot read the URL of this channel"

_log = logging.getLogger("apprise")
_log.propagate = False  # what it writes may repeat keys of URLs


_lines: ContextVar[list[str] | None] = ContextVar("lines", default=None)


class _Collector(logging.Handler):
    """Collects what Apprise writes for the attempt at work, which may go on in another thread."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take one line."""
        lines = _lines.get()
        if lines is not None:
            lines.append(record.getMessage())


_log.addHandler(_Collector(logging.WARNING))


def send_by_apprise(url: str, message: Message, *, good: bool) -> Outcome:
    """Send a message to a service that Apprise knows, and return what it says of it."""
    if fault := apprise_fault(url):  # what was saved before the list became shorter
        return Outcome(False, fault)
    asset = AppriseAsset(app_id="Punctual", app_desc="Punctual", app_url="", async_mode=False)
    service = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None or not _schemes(service) & SERVICES.keys():
        return Outcome(False, UNREADABLE)
    service.socket_connect_timeout = CONNECT_SECONDS
    service.socket_read_timeout = STEP_SECONDS
    sender = Apprise(asset=asset)
    sender.add(service)
    lines: list[str] = []
    token = _lines.set(lines)
    try:
        with limited(WHOLE_SECONDS) as refusals:
            delivered = sender.notify(
                body=message.text,
                title=message.subject,
                notify_type=NotifyType.SUCCESS if good else NotifyType.FAILURE,
                body_format=NotifyFormat.TEXT,
            )
    finally:
        _lines.reset(token)
    if delivered:
        return Outcome(True, "the service has taken it")
    return _failure(lines, refusals)


def _failure(lines: list[str], refusals: list[str]) -> Outcome:
    if refusals:
        why = "; ".join(dict.fromkeys(refusals))
        return Outcome(False, f"refused: {why} (PUNCTUAL_HTTP_ALLOW_PRIVATE)"[:MOST_SHOWN])
    output = lines[-1] if lines else "the service has not taken it"
    status = STATUS.search(output)
    return Outcome(False, output[:MOST_SHOWN], None if status is None else int(status[1]))


def _schemes(service: object) -> set[str]:
    found: set[str] = set()
    for name in ("protocol", "secure_protocol"):
        schemes = getattr(service, name, None) or ()
        found |= {schemes} if isinstance(schemes, str) else set(schemes)
    return found
