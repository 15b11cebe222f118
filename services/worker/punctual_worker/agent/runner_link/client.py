"""The agent's side of the runner: launches it, sends it orders and reads its reports."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

from punctual.ops import json_text
from punctual.ops.process_user import ProcessUser
from punctual.ops.slot_users import SlotUserRange
from punctual_worker.agent.runner_link.end import end_runner, run_as
from punctual_worker.agent.runner_link.launch_memory import LaunchMemory
from punctual_worker.agent.runner_link.messages import (
    EndedEvent,
    Launch,
    SoFar,
    StartedEvent,
    report_in,
)
from punctual_worker.runner.protocol.wire import Frames, pack
from punctual_worker.runner.supervise.process_tag import LAUNCH_BITS

READ_SIZE = 256 * 1024
# A runner reads its orders within milliseconds; one that does not for this long is stuck.
SEND_SECONDS = 10
# What a runner may take to start: an interpreter, and what its dead predecessor left.
UP_SECONDS = 20.0
SIGNS = ("up", "pong")  # frames that say no more than that the runner is there


class RunnerGoneError(Exception):
    """The runner ended, or is stuck and was killed; launch another one."""


class RunnerClient:
    """One running runner; sends are thread-safe, events() is for one reader."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        sock: socket.socket,
        launch: int,
        launch_memory: LaunchMemory,
        account: ProcessUser | None = None,
        slot_users: SlotUserRange | None = None,
    ) -> None:
        """Take over a launched runner; use launch()."""
        self._process = process
        self._sock = sock
        self._launch = launch
        self._launch_memory = launch_memory
        self._account = account
        self._slot_users = slot_users
        self.clean = True
        """False once its commands may be alive and cannot be ended from here."""
        self.received = 0  # how often something came, answers to pings included
        self._frames = Frames(json_text.read)
        self._sending = threading.Lock()
        self._burying = threading.Lock()
        self._buried = False

    @classmethod
    def launch(
        cls,
        *,
        work_dir: Path,
        python: str = sys.executable,
        path: str = "",
        lang: str = "",
        on_lease_loss: Literal["kill", "keep"] = "kill",
        prestarted_shells: bool = True,
        direct_exec: bool = True,
        account: ProcessUser | None = None,
        slot_users: SlotUserRange | None = None,
        keep: int | None = None,
    ) -> Self:
        """Start a runner with an environment of PATH and LANG alone; returns before it is up.

        Call it before credentials are read: nothing of this process but the socket goes across.
        It and its commands run as `account`, for which this process must be root, or as we do;
        with `slot_users` they are who that says. It keeps the descriptor `keep` until its end.
        """
        if slot_users is not None:
            account = slot_users.runner
        ours, theirs = socket.socketpair()
        launch = secrets.randbits(LAUNCH_BITS)
        memory = LaunchMemory()
        try:
            process = subprocess.Popen(
                [
                    *(python, "-I", "-X", "utf8", "-m", "punctual_worker.runner"),
                    *("--fd", str(theirs.fileno()), "--work-dir", str(work_dir.absolute())),
                    *("--launch-notes-fd", str(memory.descriptor)),
                    *("--launch", str(launch), "--on-lease-loss", on_lease_loss),
                    *(() if prestarted_shells else ("--no-prestarted-shells",)),
                    *(() if direct_exec else ("--no-direct-exec",)),
                    *("--agent", str(os.getpid())),
                    *run_as(account),
                    *(() if slot_users is None else slot_users.options()),
                    *(() if keep is None else ("--keep-fd", str(keep))),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={name: value for name, value in (("PATH", path), ("LANG", lang)) if value},
                pass_fds=(theirs.fileno(), memory.descriptor, *(() if keep is None else (keep,))),
                start_new_session=True,
                cwd="/",
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
            memory.close_descriptor()
        # Only sending times out: whether a quiet runner is a healthy one, pings tell.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
        return cls(process, ours, launch, memory, account, slot_users)

    @property
    def pid(self) -> int:
        """The runner's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Return whether the runner's process exists and was not abandoned."""
        return not self._buried and self._process.poll() is None

    def wait_up(self) -> dict[str, bool]:
        """Return how commands are isolated, once the runner is ready; call it before `events`.

        Raises RunnerGoneError when it ended instead, or took too long.
        """
        while (word := self._frames.next()) is None:  # its first, whatever comes after
            readable = select.select([self._sock], [], [], UP_SECONDS)[0]
            if not (data := self._receive() if readable else b""):
                self._bury()
                raise RunnerGoneError("the runner did not come up")
            self._frames.feed(data)
        return dict(word[0]["isolation"])

    def start(self, *launches: Launch) -> None:
        """Order starts; repeating one whose key is still known changes nothing."""
        enter = self._launch_memory.enter
        self._send(*(launch.order(cell=enter(launch.key)) for launch in launches))

    def stop(self, key: str, why: str) -> None:
        """Order an attempt to end, by TERM and KILL, or never to start if its instant is ahead."""
        self._send({"kind": "stop", "key": key, "why": why})

    def ping(self) -> None:
        """Have the runner answer, which `received` counts."""
        self._send({"kind": "ping"})

    def request_output(self, key: str) -> None:
        """Request an attempt's output so far; no answer comes when it has ended."""
        self._send({"kind": "tell", "key": key})

    def extend_lease(self, until_ns: int | None) -> None:
        """Let the runner start and keep commands until `until_ns`; None takes the right away."""
        self._send({"kind": "lease", "until_ns": until_ns})

    def stop_all(self, why: str, grace_s: float) -> None:
        """Order every attempt to end, waiting ones too, within the shorter of both graces."""
        self._send({"kind": "stop_all", "why": why, "grace_s": grace_s})

    def events(self) -> Iterator[list[StartedEvent | EndedEvent | SoFar]]:
        """Yield reports, those together that came together, until the runner is gone.

        Nothing it started is alive then.
        """
        while data := self._receive():
            self.received += 1
            self._frames.feed(data)
            yield [
                report_in(*f) for f in iter(self._frames.next, None) if f[0]["kind"] not in SIGNS
            ]
        self._bury()

    def forget(self, key: str) -> None:
        """Forget an attempt whose end is reported."""
        self._launch_memory.forget(key)

    def has_not_launched(self, key: str) -> bool:
        """Return whether an attempt certainly never ran; call it after the runner's end.

        Not after a fault of the runner's own: an attempt may be what it broke on, and given back
        it would break one runner after the other.
        """
        if not (self._buried and self.clean) or self._process.returncode > 0:
            return False
        return not self._launch_memory.may_have_launched(key)

    def launched_ns(self, key: str) -> int | None:
        """Return when an attempt was launched (CLOCK_MONOTONIC), None when that is not known."""
        return self._launch_memory.launched_ns(key) or None

    def kill(self) -> None:
        """Kill a runner that does not answer, and what it started; returns when all is gone."""
        with contextlib.suppress(PermissionError):
            self._process.kill()
        self._bury()

    def close(self) -> None:
        """Make the runner kill everything and end; returns when both are done."""
        self._bury()

    def _send(self, *orders: dict[str, Any]) -> None:
        frames = b"".join(pack(order, write=json_text.written) for order in orders)
        try:
            with self._sending:
                self._sock.sendall(frames)
        except OSError as error:
            # Part of a frame may be out, so the stream is of no use any more.
            self.kill()
            raise RunnerGoneError(str(error)) from error

    def _receive(self) -> bytes:
        try:
            return self._sock.recv(READ_SIZE)
        except OSError:
            return b""

    def _bury(self) -> None:
        """Wait for the runner's end, and kill what a runner that was killed could not."""
        with self._burying:
            if self._buried:
                return
            with contextlib.suppress(OSError):  # it was gone already
                self._sock.shutdown(socket.SHUT_RDWR)
            self.clean = end_runner(
                self._process,
                launch=self._launch,
                account=self._account,
                slot_users=self._slot_users,
            )
            self._buried = True
            self._sock.close()
