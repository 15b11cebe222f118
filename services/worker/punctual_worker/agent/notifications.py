"""Listen for cancels and for requests of live output; heartbeats find cancels that are missed."""

import json
import threading
import uuid
from collections.abc import Callable, Mapping

import structlog

from punctual.ops.config import Settings
from punctual.store.driver.listen import listen

log = structlog.get_logger()


def listen_for_notices(
    settings: Settings,
    *,
    worker_id: uuid.UUID,
    handlers: Mapping[str, Callable[[uuid.UUID], None]],
    stop: threading.Event,
    turned: Callable[[], None],
) -> None:
    """Call the channel's function with each notified run of this worker, until `stop` is set."""
    url = settings.database_url
    for received in listen(url, *handlers, service="worker", stop=stop, turned=turned):
        for channel, payload in received:
            try:
                message = json.loads(payload)
                run_id = uuid.UUID(message["run"]) if message["worker"] == str(worker_id) else None
            except (ValueError, KeyError, TypeError, AttributeError):
                log.warning("notification rejected", channel=channel)
                continue
            if run_id is not None:
                handlers[channel](run_id)
