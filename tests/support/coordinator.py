"""A coordinator started as an operator starts it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

# Rare ticks: what happens within seconds happens because of a wake-up.
RARE_TICKS = {
    "CYCLE_SECONDS": "300",
    "WINDOW_SECONDS": "300",
    "SWEEP_SECONDS": "300",
}


class Program:
    """One process of `python -m punctual_coordinator`, and what it logged."""

    def __init__(self, log: Path, settings: dict[str, str]) -> None:
        """`settings` are named without their prefix, but for Python's own; nothing else is set."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PUNCTUAL_")}
        own = {name: value for name, value in settings.items() if name.startswith("PYTHON")}
        environ |= own
        environ |= {f"PUNCTUAL_{name}": settings[name] for name in settings.keys() - own.keys()}
        self._log = log
        with log.open("ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "punctual_coordinator"], env=environ, stderr=stderr
            )
        self._port = settings.get("HEALTH_PORT")

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The log lines with this text."""
        lines = [json.loads(line) for line in self._log.read_text().splitlines()]
        return [line for line in lines if line["event"] == event]

    def stderr(self) -> str:
        """Everything it wrote."""
        return self._log.read_text()

    def probe(self, path: str) -> tuple[int, str]:
        """The status and body of its health port, or 0 while nothing listens there."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self._port}{path}", timeout=10)
        except httpx.TransportError:
            return 0, ""
        return answer.status_code, answer.text

    def stop(self, number: signal.Signals = signal.SIGTERM, *, within: float = 5) -> int:
        """Signal it; answers its exit code, or fails when it is not gone in time."""
        self.process.send_signal(number)
        return self.process.wait(within)


@contextmanager
def coordinator(folder: Path, **settings: str) -> Iterator[Program]:
    """A running coordinator; killed at the end if it is still there."""
    program = Program(folder / "coordinator.log", settings)
    try:
        yield program
    finally:
        program.process.kill()
        program.process.wait()
