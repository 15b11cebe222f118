"""The API as a process, on settings of a test's own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from punctual_devstack.ports import free_port
from tests.integration.api.conftest import SECRET
from tests.support.eventually import eventually
from tests.support.processes import process_with_pipes


@dataclass(frozen=True)
class Served:
    """A live API: a client of it, its process and the folder it was started in."""

    client: httpx.Client
    process: "subprocess.Popen[bytes]"
    folder: Path

    @property
    def port(self) -> int:
        """Where it listens."""
        number = self.client.base_url.port
        assert number is not None
        return number


@contextmanager
def launched(folder: Path, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Start an API, without waiting for it; kill it at the end."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PUNCTUAL_")}
    chosen = {f"PUNCTUAL_{name.upper()}": value for name, value in settings.items()}
    with process_with_pipes(
        [sys.executable, "-m", "punctual_api"],
        env={**inherited, **chosen},
        cwd=folder,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        yield process


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    """Start an API that answers; `settings` add to what every test wants."""
    bind = f"127.0.0.1:{free_port()}"
    usual = {"secret_key": SECRET, "bind": bind, "log_level": "error", "registration": "open"}
    with (
        launched(folder, **usual, **settings) as process,
        httpx.Client(base_url=f"http://{bind}", timeout=10) as client,
    ):
        eventually(lambda: client.get("/healthz").is_success, within=20)
        yield Served(client, process, folder)
