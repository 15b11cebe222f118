"""The stack's folder: database files, logs, pids, and the secrets made on the first start."""

import fcntl
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PRIVATE = ("logs", "pids", "secrets", "backups")
MAX_LOG_BYTES = 10 * 1024 * 1024
TAIL_BYTES = 64 * 1024


class InUse(Exception):
    """Another local stack runs on this folder."""


@dataclass(frozen=True, slots=True)
class DataDir:
    """The folders below one data directory; relative names of processes become file names."""

    path: Path

    def make(self) -> None:
        """Create the folders for their owner alone, and narrow the modes of an older installation.

        When we are root, PostgreSQL runs under another account: others may pass through the outer
        folder, but not look around.
        """
        is_ours = not self.path.exists() or not any(self.path.iterdir())
        is_ours = is_ours or (self.path / "secrets").exists()
        for folder in ("", *PRIVATE):
            (self.path / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_ours:  # and no folder of other things, such as /tmp
            self.path.chmod(0o700 if os.geteuid() else 0o711)
        for folder in PRIVATE:
            (self.path / folder).chmod(0o700)
            for file in filter(Path.is_file, (self.path / folder).iterdir()):
                file.chmod(0o600)

    def lock(self) -> IO[str]:
        """Return the folder's lock, held until the file is closed or this process ends.

        Raises InUse, naming the process that holds it.
        """
        file = (self.path / "lock").open("a+")
        os.fchmod(file.fileno(), 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner_pid = file.read().strip()
            file.close()
            raise InUse(f"{self.path} is in use by process {owner_pid}") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        return file

    def secret(self, name: str, *, made: Callable[[], str] | None = None) -> str:
        """Return a secret, made on the first call ever (at random) and the same from then on."""
        file = self.path / "secrets" / name
        if not file.exists():
            self.write_secret(name, made() if made else secrets.token_hex(24))
        return file.read_text().strip()

    def write_secret(self, name: str, text: str) -> Path:
        """Put `text` into a file that only its owner may read; never half of it."""
        file = self.path / "secrets" / name
        new = file.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(f"{text}\n")
        new.replace(file)
        return file

    def log(self, name: str) -> Path:
        """Return where the process `name` logs; a file grown too big is set aside first."""
        file = self.path / "logs" / f"{name}.log"
        with suppress(OSError):  # then it goes on growing
            if file.exists() and file.stat().st_size > MAX_LOG_BYTES:
                file.replace(file.with_suffix(".log.1"))
        return file

    def log_tail(self, name: str, lines: int) -> str:
        """Return the last `lines` lines of a process's log, empty when it never wrote one."""
        file = self.path / "logs" / f"{name}.log"
        if not file.exists():
            return ""
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - TAIL_BYTES))
            return "\n".join(opened.read(TAIL_BYTES).decode(errors="replace").splitlines()[-lines:])
