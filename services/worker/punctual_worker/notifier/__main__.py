"""The notifier's program: `python -m punctual_worker.notifier`."""

import os
import sys

import structlog

from punctual.ops import config, gc_tuning, logs, telemetry
from punctual.ops.process_user import account_of, become, forbid_inspection
from punctual.store.driver.engine import DATABASE_FAILURES, driver_message
from punctual_worker.agent.stop_signals import StopSignals
from punctual_worker.notifier.notifier import Notifier


def main() -> int:
    """Run one notifier: 0 after SIGTERM or SIGINT, 1 when it broke, 2 for an unusable setting."""
    forbid_inspection()
    signals = StopSignals()
    signal_thread = signals.install()
    try:
        place = config.load(only=("user",))
        become(account_of("USER", place.user, euid=os.geteuid()))
        settings = config.load(needs=("database_url", "redis_url"))
        config.check_mailing(settings)
    except config.InvalidSetting as error:
        print(f"notifier: {error}", file=sys.stderr)
        return 2
    signal_thread.start()
    logs.configure(service="notifier", name=settings.name, level=settings.log_level)
    log = structlog.get_logger()
    try:
        notifier = Notifier(settings, signals.stop)
        telemetry.serve(settings.health_port, notifier.trouble)
        gc_tuning.set_aside()
        notifier.run()
    except DATABASE_FAILURES as error:
        log.critical("database connection lost", error=driver_message(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
