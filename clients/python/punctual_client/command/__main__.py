"""`punctual`: for users, and where a service is installed for its operators too."""

import sys
from collections.abc import Sequence

from punctual_client.command.operators import operators_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if operate := operators_command(words):
        return operate(words)
    # Not before: an operator's command needs none of it, and must work where it is broken.
    from punctual_client.command.app import run

    return run(words)


if __name__ == "__main__":
    sys.exit(main())
