"""Runs the runner: `python -I -m punctual_worker.runner --fd N …`, by its client."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from contextlib import suppress

from punctual_worker.runner.host.home_dirs import HomeDirs
from punctual_worker.runner.host.isolation import probe
from punctual_worker.runner.host.process_setup import (
    become,
    forbid_inspection,
    prepare,
    stop_automatic_gc,
)
from punctual_worker.runner.host.runner_dir import RunnerDir
from punctual_worker.runner.io.poller import Poller
from punctual_worker.runner.launch.launch_notes import LaunchNotes
from punctual_worker.runner.launch.spawn import Spawner
from punctual_worker.runner.launch.strategies import LaunchOptions
from punctual_worker.runner.loop import RunnerLoop
from punctual_worker.runner.protocol.channel import AgentGoneError, Channel
from punctual_worker.runner.protocol.events import Events
from punctual_worker.runner.protocol.wire import BadFrameError
from punctual_worker.runner.supervise.dead_runners import clear_up_after_dead_runners
from punctual_worker.runner.supervise.kill_all import kill_everything
from punctual_worker.runner.supervise.process_tag import ProcessTag


def main() -> int:
    """Serve the agent at the other end of `--fd`; 0 when it went away, 2 after a bad frame.

    1 without a usable work directory.
    """
    options = _options()
    sock = socket.socket(fileno=options.fd)
    sock.set_inheritable(False)
    soft_nofile = prepare()
    process_tag = ProcessTag(options.launch)
    launch_notes = LaunchNotes(options.launch_notes_fd)
    poller = Poller()
    spawner = Spawner(
        process_tag,
        poller,
        path=os.environ.get("PATH", ""),
        lang=os.environ.get("LANG", ""),
        soft_nofile=soft_nofile,
        uid=os.geteuid() if options.user is None else options.user,
    )
    # After the spawner, which opens a file of /proc/self for writing.
    if options.user is not None:
        become(options.user, options.group)
    forbid_inspection()
    try:
        runner_dir = RunnerDir(options.work_dir, launch=options.launch)
        home_dirs = HomeDirs(runner_dir)
        clear_up_after_dead_runners(runner_dir, home_dirs)
    except OSError as error:
        _write_error(f"work directory {options.work_dir}: {error.strerror}")
        return 1
    channel = Channel(sock)
    loop = RunnerLoop(
        channel,
        poller,
        spawner,
        launch_notes,
        process_tag,
        home_dirs,
        LaunchOptions(prestarted_shells=options.prestarted_shells, direct_exec=options.direct_exec),
        keep=options.on_lease_loss == "keep",
    )
    stop_automatic_gc()
    try:
        Events(channel).up(probe())
        loop.run()
    except AgentGoneError:
        return 0
    except BadFrameError as error:
        _write_error(f"bad frame from the agent: {error}")
        return 2
    finally:
        # Also on a fault of our own: better no run than one without a supervisor.
        kill_everything(loop.registry, process_tag)
        home_dirs.close()
    return 0


def _write_error(text: str) -> None:
    with suppress(OSError):  # a full disk must not change how this ends
        print(f"runner: {text}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="punctual_worker.runner")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--launch-notes-fd", type=int, required=True)
    parser.add_argument("--work-dir", required=True)
    parser.add_argument("--launch", type=int, default=0)
    parser.add_argument("--user", type=int)
    parser.add_argument("--group", type=int)
    parser.add_argument("--agent", type=int, default=0)  # read by `stale_runners` alone
    parser.add_argument("--no-prestarted-shells", dest="prestarted_shells", action="store_false")
    parser.add_argument("--no-direct-exec", dest="direct_exec", action="store_false")
    parser.add_argument("--on-lease-loss", choices=("kill", "keep"), default="kill")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
