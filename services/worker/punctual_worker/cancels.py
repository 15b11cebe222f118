"""Hears of cancelled runs as they are cancelled; heartbeats catch what was not heard."""

import json
import threading
import uuid
from collections.abc import Callable

from punctual.config import Settings
from punctual.store.listen import listen
from punctual.store.wake import CANCEL_CHANNEL


def listen_for_cancels(
    settings: Settings,
    *,
    worker_id: uuid.UUID,
    cancel: Callable[[uuid.UUID], None],
    stop: threading.Event,
) -> None:
    """Until `stop` is set, call `cancel` with each run of this worker that is cancelled."""
    channel = listen(settings.database_url, CANCEL_CHANNEL, service="worker", stop=stop)
    for heard in channel:
        for payload in heard:
            message = json.loads(payload)
            if message["worker"] == str(worker_id):
                cancel(uuid.UUID(message["run"]))
