"""Hears of runs that are cancelled or looked at; heartbeats catch the cancels not heard of."""

import json
import threading
import uuid
from collections.abc import Callable, Mapping

from punctual.config import Settings
from punctual.store.listen import listen


def listen_for_notices(
    settings: Settings,
    *,
    worker_id: uuid.UUID,
    heed: Mapping[str, Callable[[uuid.UUID], None]],
    stop: threading.Event,
) -> None:
    """Until `stop` is set, call what `heed` has for a channel with each run of this worker."""
    for heard in listen(settings.database_url, *heed, service="worker", stop=stop):
        for channel, payload in heard:
            message = json.loads(payload)
            if message["worker"] == str(worker_id):
                heed[channel](uuid.UUID(message["run"]))
