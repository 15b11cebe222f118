"""The whole product, started as a user starts it, in a data directory of its own."""

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from punctual_devstack.ports import free_port
from punctual_devstack.readiness import Readiness
from punctual_devstack.servers.postgres_user import reachable_temporary

READY_SECONDS = 60
STOP_SECONDS = 15
PASSWORD = "correct horse battery staple"


class Product:
    """One local stack: its processes by name, and clients for its users."""

    def __init__(self, data_dir: Path, *, environ: Mapping[str, str] | None = None) -> None:
        """`environ` adds to what the stack reads: WORKERS, PUNCTUAL_SWEEP_SECONDS and the like."""
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        own = {
            "PORT": str(self.port),
            "PUNCTUAL_DATA_DIR": str(data_dir),
            "PUNCTUAL_DRAIN_SECONDS": "2",  # what a test leaves running holds up its end
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PUNCTUAL_")}
        self.environ = {**inherited, **own, **(environ or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The supervisor, once started."""
        assert self._process is not None, "not started"
        return self._process

    def __enter__(self) -> "Product":
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what was launched and close its pipe, after a failure too."""
        if self._process is not None:
            self.stop()

    def start(self) -> None:
        """Starts everything and returns when the stack says that it is ready."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Starts everything, without waiting for it."""
        with (self.data_dir / "terminal").open("ab") as terminal:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "punctual_devstack"],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=terminal,
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        """Returns when the line `ready URL` was said; fails with what was said instead."""
        output, deadline = b"", time.monotonic() + READY_SECONDS
        stdout = self.process.stdout
        assert stdout is not None
        while f"ready {self.url}\n".encode() not in output:
            remaining = max(0.0, deadline - time.monotonic())
            more = (
                os.read(stdout.fileno(), 4096)
                if select.select([stdout], [], [], remaining)[0]
                else b""
            )
            assert more, f"never ready: {output!r}\n{self.terminal()}"
            output += more

    def is_ready(self) -> bool:
        """Whether the API answers that it, the database and the queue are there."""
        return Readiness("127.0.0.1", self.port).answers()

    def stop(self) -> None:
        """Stop the stack, as Ctrl-C does; fail unless it is gone within 15 s."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()

    def pid(self, name: str) -> int:
        """The pid of `postgres`, `valkey`, `api-1`, `coordinator-1`, `worker-1` and so on."""
        return int((self.data_dir / "pids" / f"{name}.pid").read_text())

    def has_replaced(self, name: str, old: int) -> bool:
        """Whether another process has taken the place of one that died; its file is gone between.

        To look whether the file is there and then read it would meet its removal at times.
        """
        try:
            return self.pid(name) != old
        except FileNotFoundError:
            return False

    def signal(self, name: str, number: signal.Signals) -> None:
        """Signals one process, as kill(1) does."""
        os.kill(self.pid(name), number)

    def log(self, name: str) -> str:
        """What a process logged so far."""
        return (self.data_dir / "logs" / f"{name}.log").read_text(errors="replace")

    def terminal(self) -> str:
        """What was printed to the terminal, but for `ready`."""
        return (self.data_dir / "terminal").read_text(errors="replace")

    def secret(self, name: str) -> str:
        """A secret of the data directory: `database_url`, `redis_url`, `secret_key`."""
        return (self.data_dir / "secrets" / name).read_text().strip()

    def visitor(self) -> httpx.Client:
        """A client without an account; its caller closes it."""
        return httpx.Client(base_url=self.url, timeout=10)

    def user(self, username: str) -> httpx.Client:
        """A newly registered user's client, which sends the user's token; its caller closes it."""
        client = self.visitor()
        who = {"username": username, "password": PASSWORD}
        client.post(
            "/api/register/", json={**who, "email": f"{username}@example.com"}
        ).raise_for_status()
        token = client.post("/api/login/", json=who).raise_for_status().json()["token"]
        client.headers["Authorization"] = f"Token {token}"
        return client


@contextmanager
def running_product(environ: Mapping[str, str] | None = None) -> Iterator[Product]:
    """A product that is ready, with nothing in it; stopped and removed at the end."""
    data_dir = reachable_temporary("punctual-product-")
    try:
        with Product(data_dir, environ=environ) as product:
            product.start()
            yield product
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
