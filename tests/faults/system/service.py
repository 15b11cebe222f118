"""One process of the product, kept running as a container's supervisor would keep it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from punctual_devstack.processes.spawn import Spec, tied_command
from punctual_worker.agent.stop_signals import REPEAT_SECONDS
from tests.faults.injection.links import PASS
from tests.faults.injection.proxy import Proxy
from tests.support.eventually import eventually

AGAIN_SECONDS = 1.0
END_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Exit:
    """How one of the service's processes ended: its exit code, or minus the signal."""

    pid: int
    code: int
    at: float


class Service:
    """`python -m module`, restarted a second after it ended unless `restarts` is taken away."""

    def __init__(
        self, name: str, module: str, environ: Mapping[str, str], *, folder: Path, logs: Path
    ) -> None:
        self.name = name
        self.environ = dict(environ)
        self.restarts = True
        self.exits: list[Exit] = []
        self.log = logs / f"{name}.log"
        self.database: Proxy
        self.redis: Proxy
        command = (sys.executable, "-P", "-m", module)
        self._spec = Spec(name, command, {}, folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._started = threading.Event()
        self._keeper: threading.Thread | None = None
        self._terminated_pid: int | None = None  # the process that was asked to end
        self._again_at: float | None = None  # when it is asked once more

    def start(self) -> None:
        """Start it, and keep it running from now on."""
        self._ending.clear()
        self._started.clear()
        # The thread that starts a process is also the one whose end would end it.
        self._keeper = threading.Thread(target=self._keep, name=self.name)
        self._keeper.start()
        self._started.wait()

    @property
    def pid(self) -> int:
        """The process; of a worker, its agent."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether its process exists now."""
        return self._process is not None and self._process.returncode is None

    @property
    def runner_pid(self) -> int:
        """Of a worker, its runner."""
        for pid in _children(self.pid):
            if b"punctual_worker.runner" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        raise LookupError(f"{self.name} has no runner")

    def signal(self, number: signal.Signals) -> None:
        """Signal the process, as kill(1) does."""
        os.kill(self.pid, number)

    def everything(self) -> list[int]:
        """The process and all of its descendants, parents first."""
        found = [self.pid]
        for pid in found:
            found += _children(pid)
        return found

    def terminate(self) -> None:
        """SIGTERM: stop in good order; it is started again."""
        self.signal(signal.SIGTERM)

    def replace(self, *, within: float) -> None:
        """SIGTERM, and wait until another process has taken its place."""
        old = self.pid
        self.terminate()
        eventually(lambda: self.pid != old, within=within)

    def kill(self) -> None:
        """SIGKILL, to the whole group: of a worker its agent alone, the runner has its own."""
        os.killpg(self.pid, signal.SIGKILL)

    def is_ready(self) -> bool:
        """Whether it answers /readyz with 200."""
        try:
            return httpx.get(f"{self.health_url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def health_url(self) -> str:
        """Where its probes are answered; of an API, where every API answers."""
        port = self.environ["PUNCTUAL_HEALTH_PORT"]
        if port == "0":
            return f"http://{self.environ['PUNCTUAL_BIND']}"
        return f"http://127.0.0.1:{port}"

    def text(self) -> str:
        """Everything it has logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The log lines of that event, as values."""
        values: list[dict[str, Any]] = []
        for line in self.text().splitlines():
            with contextlib.suppress(ValueError):  # not ours, or torn by a full disk
                values.append(json.loads(line))
        return [value for value in values if value["event"] == event]

    def calm(self) -> None:
        """Put an end to every fault of its wires."""
        for proxy in (self.database, self.redis):
            proxy.release()
            proxy.set(PASS)

    def stop_now(self) -> None:
        """Ask it to end for good, and not to be patient about it."""
        self._ending.set()
        if self.alive:
            self._terminated_pid = self.pid
            self._again_at = time.monotonic() + REPEAT_SECONDS + 0.5
            for number in (signal.SIGCONT, signal.SIGTERM):
                self.signal(number)

    def end(self, *, within: float = END_SECONDS) -> None:
        """Ask it to end for good, and make it after `within` seconds."""
        self._ending.set()
        deadline = time.monotonic() + within
        while self._keeper is not None and self._keeper.is_alive():
            if self.alive and self._terminated_pid != self.pid:
                self._terminated_pid = self.pid
                self.signal(signal.SIGTERM)
            if self.alive and self._again_at is not None and time.monotonic() > self._again_at:
                self._again_at = None
                self.signal(signal.SIGTERM)
            if time.monotonic() > deadline:
                self.kill()
            self._keeper.join(0.1)

    def stop(self) -> None:
        """Freeze the process (of a worker, its agent alone) until `go_on`."""
        self.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Thaw it."""
        self.signal(signal.SIGCONT)

    def _keep(self) -> None:
        while True:
            with self.log.open("ab") as log:
                process = subprocess.Popen(
                    tied_command(self._spec),
                    env=self.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            self._process = process
            self._started.set()
            code = process.wait()
            self.exits.append(Exit(process.pid, code, time.time()))
            if self._ending.wait(AGAIN_SECONDS):
                return
            while not self.restarts:
                if self._ending.wait(0.1):
                    return


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found
