"""Messages to notifiers: hints that deliveries are due; the rows in the database decide."""

import uuid
from collections.abc import Sequence

import dramatiq
import redis

from punctual.messaging.broker import Broker

QUEUE = "alerts"
"""The Dramatiq queue of notifiers."""

ACTOR = "deliver"

MOST_IDS = 100
"""In one message."""


def publish_deliveries(broker: Broker, ids: Sequence[uuid.UUID]) -> bool:
    """Have notifiers send these messages now; return False where Redis does not answer.

    Notifiers also look for themselves, so that none is lost.
    """
    try:
        for start in range(0, len(ids), MOST_IDS):
            named = [str(one) for one in ids[start : start + MOST_IDS]]
            broker.enqueue(dramatiq.Message(QUEUE, ACTOR, (named,), kwargs={}, options={}))
        if ids:
            broker.client.publish(broker.wake_channel, "")
    except redis.RedisError as error:
        broker.note_failure(error)
        return False
    if ids:
        broker.note_answer()
    return True
