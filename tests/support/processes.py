"""A process whose pipes a test reads or writes."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def process_with_pipes(
    command: Sequence[str], **options: Any
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process; at the end of the block, even a failed one, kill it and close its pipes.

    `options` are those of Popen. A pipe that is left open makes another test fail, whenever the
    garbage collector finds it.
    """
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()
