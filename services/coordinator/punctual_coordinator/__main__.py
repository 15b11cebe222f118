"""The coordinator's program: `python -m punctual_coordinator`."""

import signal
import sys
import threading

from punctual.ops import config, gc_tuning, logs
from punctual.ops.process_user import forbid_inspection
from punctual.ops.signal_thread import SignalThread
from punctual_coordinator.coordinator import CoordinatorService


def main() -> int:
    """Run one coordinator: 0 after SIGTERM or SIGINT, 2 when a setting is unusable."""
    forbid_inspection()
    stop = threading.Event()
    SignalThread((signal.SIGTERM, signal.SIGINT), stop.set).start()
    try:
        settings = config.load(needs=("database_url", "redis_url"))
        logs.configure(service="coordinator", name=settings.name, level=settings.log_level)
        coordinator = CoordinatorService(settings, stop)
        coordinator.serve_health()
    except config.InvalidSetting as error:
        return _unusable(str(error))
    except ValueError as error:  # of an option in it
        return _unusable(f"PUNCTUAL_REDIS_URL: {error}")
    except OSError as error:
        return _unusable(f"PUNCTUAL_HEALTH_PORT: {error.strerror}")
    gc_tuning.set_aside()
    coordinator.run()
    return 0


def _unusable(why: str) -> int:
    print(f"coordinator: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
