"""Run as a program: serve the API until SIGTERM."""

import signal
import sys

from punctual.ops import config, logs
from punctual.ops.process_user import forbid_inspection
from punctual_api.app import NEEDS
from punctual_api.http.server.api_server import ApiServer


def main() -> int:
    """Serve; 2 when a setting is missing or cannot be used."""
    forbid_inspection()
    for number in (signal.SIGTERM, signal.SIGINT):  # until the server takes them
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    try:
        settings = config.load(needs=NEEDS)
        config.check_single_sign_on(settings)
        config.check_mailing(settings)
    except config.InvalidSetting as error:
        print(f"api: {error}", file=sys.stderr)
        return 2
    logs.configure(service="api", name=settings.name, level=settings.log_level)
    ApiServer(settings).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
