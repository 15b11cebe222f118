"""Test a channel: have a notifier send a message now, and wait for what comes of it."""

import threading
import time
import uuid
from typing import Any

from punctual.store.alerts.deliveries import attempts_of, count_tests, create_test, find_delivery
from punctual.store.driver.notify import wake_notifiers
from punctual_api.alerts.installation import record_change
from punctual_api.audit.recorder import changed_nothing
from punctual_api.channels.changes import own_channel
from punctual_api.http.context import session, team_id
from punctual_api.http.database import commit_ahead
from punctual_api.http.problems import Problem

WAIT_SECONDS = 15.0
"""Longer than a notifier takes for a receiver that does not answer."""
POLL_SECONDS = 0.1
MOST_AT_ONCE = 2
"""Tests for which threads of a process wait, so that enough are left for other requests."""
MOST_AN_HOUR = 30

NOT_SENT = (
    "No notifier has sent it yet; it stays in the deliveries. If this lasts, an operator checks"
    " whether the process `notifier` runs."
)

_waiting = threading.BoundedSemaphore(MOST_AT_ONCE)


def test_own(channel_id: uuid.UUID) -> dict[str, Any]:
    """Return what came of a message to a channel; raises Problem: 404, 429."""
    channel = own_channel(channel_id)
    if count_tests(session(), channel.id) >= MOST_AN_HOUR:
        raise Problem(
            429,
            f"The channel was tested {MOST_AN_HOUR} times within an hour, which is the most.",
            headers={"Retry-After": "600"},
        )
    if not _waiting.acquire(blocking=False):
        raise Problem(
            429, "Other channels are being tested; try again.", headers={"Retry-After": "5"}
        )
    try:
        sent = create_test(session(), channel)
        record_change("channel", channel.id, channel.name, team=channel.team_id)
        wake_notifiers(session().connection())
        commit_ahead()
        changed_nothing()  # that is not recorded yet
        return _result(sent)
    finally:
        _waiting.release()


def _result(sent: uuid.UUID) -> dict[str, Any]:
    end = time.monotonic() + WAIT_SECONDS
    pause = threading.Event()
    while time.monotonic() < end:
        delivery = find_delivery(session(), sent, team_id=team_id())
        if delivery is not None and delivery.state != "waiting":
            [attempt] = attempts_of(session(), [sent])[sent]
            return {
                "delivered": attempt.delivered,
                "status": attempt.status,
                "detail": attempt.detail,
                "delivery": sent,
            }
        session().rollback()  # no transaction stays open over the pause
        pause.wait(POLL_SECONDS)
    return {"delivered": False, "status": None, "detail": NOT_SENT, "delivery": sent}
