"""`python -m punctual_devstack`: what `make run` becomes."""

import os
import signal
import sys


def main() -> int:
    """Run until a stop signal; return 0, or 1 after a sentence about why it could not start."""
    # From here on a Ctrl-C waits until there is someone to stop everything in order.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    from punctual.ops.process_user import forbid_inspection
    from punctual_devstack import settings
    from punctual_devstack.data_dir import InUse
    from punctual_devstack.full_disk import FULL, is_full
    from punctual_devstack.servers.database_location import Misplaced
    from punctual_devstack.servers.postgres import Unusable
    from punctual_devstack.stack import CannotStart, run

    forbid_inspection()
    try:
        run(settings.read(os.environ))
    except (CannotStart, InUse, Misplaced, Unusable, settings.InvalidStackSetting) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        if not is_full(error):
            raise
        sys.stderr.write(f"{error.filename or 'PUNCTUAL_DATA_DIR'}: {FULL}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
