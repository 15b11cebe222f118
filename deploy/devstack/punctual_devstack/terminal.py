"""The few lines a person sees: what happens on standard error, `ready` on standard output."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Terminal:
    """Says things to the person, and keeps them with their time in a log file."""

    log: Path

    def say(self, text: str) -> None:
        """One line about what is going on."""
        _write(sys.stderr, text)
        self._keep(text)

    def ready(self, url: str) -> None:
        """The one line that scripts wait for."""
        _write(sys.stdout, f"ready {url}")
        self._keep(f"ready {url}")

    def _keep(self, text: str) -> None:
        with self.log.open("a") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except OSError:
        # The terminal went away (a pipe closed, a hang-up): the stack goes on or stops without it.
        return
