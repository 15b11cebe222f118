"""The few lines a person sees: what happens on standard error, `ready` on standard output."""

import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Terminal:
    """Shows messages on the terminal, and writes them with their time into a log file."""

    log: Path

    def show(self, text: str) -> None:
        """One line about what is going on."""
        _write(sys.stderr, text)
        self._log(text)

    def ready(self, url: str) -> None:
        """The one line that scripts wait for."""
        _write(sys.stdout, f"ready {url}")
        self._log(f"ready {url}")

    def _log(self, text: str) -> None:
        # A full disk must not stop the stack: everything recovers once there is space.
        with suppress(OSError), self.log.open("a") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")


def _write(stream: TextIO, text: str) -> None:
    # The terminal went away (a pipe closed, a hang-up): the stack goes on or stops without it.
    with suppress(OSError, ValueError):
        stream.write(f"{text}\n")
        stream.flush()
