"""`punctual` as a process: with pipes, and with a terminal."""

import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from pathlib import Path
from typing import NamedTuple

PUNCTUAL = str(Path(sys.executable).with_name("punctual"))
SECONDS = 60


class Done(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    output: str
    complaint: str


class CommandLine:
    """`punctual` of one user, with a home of its own."""

    def __init__(self, home: Path, **variables: str) -> None:
        clean = {
            name: text for name, text in os.environ.items() if not name.startswith("PUNCTUAL_")
        }
        for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "VISUAL", "EDITOR"):
            clean.pop(name, None)
        self.home = home
        self.environ = {**clean, "XDG_CONFIG_HOME": str(home), "TERM": "xterm", **variables}

    def __call__(self, *words: str, typed: str = "", **variables: str) -> Done:
        """Run it with pipes; `typed` is its standard input."""
        done = subprocess.run(
            [PUNCTUAL, *words],
            env=self.environ | variables,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def done(self, *words: str, typed: str = "", **variables: str) -> str:
        """Return what it writes; fail unless it does it."""
        code, output, complaint = self(*words, typed=typed, **variables)
        assert code == 0, (words, output, complaint)
        return output

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start it with pipes, without waiting for it."""
        return subprocess.Popen(
            [PUNCTUAL, *words],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def on_terminal(
        self, *words: str, typed: Sequence[str] = (), columns: int = 100, **variables: str
    ) -> Done:
        """Run it on a terminal, and type each line once the prompt before it is there."""
        return on_terminal(
            [PUNCTUAL, *words], self.environ | variables, typed=typed, columns=columns
        )


def on_terminal(
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    typed: Sequence[str] = (),
    columns: int = 100,
) -> Done:
    """Run a program on a terminal of its own; both its streams are one."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        command, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    left, written = list(typed), b""
    try:
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux: the other end is closed
                break
            if not piece:
                break
            written += piece
            if left and written.rstrip(b"\r\n").endswith((b": ", b"] ")):
                os.write(ours, left.pop(0).encode() + b"\n")
        code = process.wait(SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    text = written.decode()
    assert "Traceback" not in text, text
    return Done(code, text, "")


def interrupt(process: subprocess.Popen[str]) -> Done:
    """Press Ctrl-C."""
    process.send_signal(signal.SIGINT)
    output, complaint = process.communicate(timeout=SECONDS)
    assert "Traceback" not in complaint, complaint
    return Done(process.returncode, output, complaint)
