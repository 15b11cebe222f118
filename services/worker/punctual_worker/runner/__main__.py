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
    FOR_SLOT_USERS,
    become,
    forbid_inspection,
    prepare,
    stop_automatic_gc,
)
from punctual_worker.runner.host.process_view import restrict_process_view
from punctual_worker.runner.host.runner_dir import RunnerDir
from punctual_worker.runner.host.slot_users import SlotUsers
from punctual_worker.runner.host.trash import Trash
from punctual_worker.runner.io.poller import Poller
from punctual_worker.runner.launch.launch_notes import LaunchNotes
from punctual_worker.runner.launch.slot_spawn import SlotSpawner
from punctual_worker.runner.launch.spawn import Spawner
from punctual_worker.runner.launch.strategies import LaunchOptions
from punctual_worker.runner.loop import RunnerLoop
from punctual_worker.runner.protocol.channel import AgentGoneError, Channel
from punctual_worker.runner.protocol.events import Events
from punctual_worker.runner.protocol.wire import BadFrameError
from punctual_worker.runner.supervise.dead_runners import clear_up_after_dead_runners
from punctual_worker.runner.supervise.kill_all import kill_everything
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.slot_tag import SlotTag


def main() -> int:
    """Serve the agent at the other end of `--fd`; 0 when it went away, 2 after a bad frame.

    1 without a usable work directory.
    """
    options = _options()
    sock = socket.socket(fileno=options.fd)
    sock.set_inheritable(False)
    if options.keep_fd is not None:
        os.set_inheritable(options.keep_fd, False)
    soft_nofile = prepare()
    process_tag = ProcessTag(options.launch)
    launch_notes = LaunchNotes(options.launch_notes_fd)
    poller = Poller()
    spawner = (Spawner if options.slot_users is None else SlotSpawner)(
        process_tag,
        poller,
        path=os.environ.get("PATH", ""),
        lang=os.environ.get("LANG", ""),
        soft_nofile=soft_nofile,
        uid=os.geteuid() if options.user is None else options.user,
    )
    has_slot_users = options.slot_users is not None
    own_process_view = has_slot_users and restrict_process_view(options.group)
    # After the spawner, which opens a file of /proc/self for writing.
    if options.user is not None:
        capabilities = FOR_SLOT_USERS if has_slot_users else ()
        become(options.user, options.group, capabilities=capabilities)
    forbid_inspection()
    trash, slot_users = Trash(), None
    try:
        runner_dir = RunnerDir(options.work_dir, launch=options.launch)
        if has_slot_users:
            first, count = options.slot_users
            slot_users = SlotUsers(first, count, runner_dir.path)
            process_tag = SlotTag(options.launch, slot_users)
            slot_users.clear_up()
        clear_up_after_dead_runners(runner_dir, trash)
    except OSError as error:
        _write_error(f"work directory {options.work_dir}: {error.strerror or error}")
        return 1
    home_dirs = HomeDirs(runner_dir.path, trash)
    channel = Channel(sock)
    loop = RunnerLoop(
        channel,
        poller,
        spawner,
        launch_notes,
        process_tag,
        home_dirs,
        slot_users,
        LaunchOptions(prestarted_shells=options.prestarted_shells, direct_exec=options.direct_exec),
        keep=options.on_lease_loss == "keep",
    )
    stop_automatic_gc()
    try:
        isolation = probe(user_per_slot=has_slot_users, own_process_view=own_process_view)
        Events(channel).up(isolation)
        loop.run()
    except AgentGoneError:
        return 0
    except BadFrameError as error:
        _write_error(f"bad frame from the agent: {error}")
        return 2
    finally:
        # Also on a fault of our own: better no run than one without a supervisor.
        kill_everything(loop.registry, process_tag)
        if slot_users is not None:
            slot_users.close()
        home_dirs.remove_all()
        runner_dir.unlock()
    return 0


def _write_error(text: str) -> None:
    with suppress(OSError):  # a full disk must not change how this ends
        print(f"runner: {text}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="punctual_worker.runner")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--launch-notes-fd", type=int, required=True)
    parser.add_argument("--work-dir", required=True)
    parser.add_argument("--keep-fd", type=int)  # a lock, to be held until the end
    parser.add_argument("--launch", type=int, default=0)
    parser.add_argument("--user", type=int)
    parser.add_argument("--group", type=int)
    parser.add_argument("--slot-users", type=int, nargs=2, metavar=("FIRST", "COUNT"))
    parser.add_argument("--agent", type=int, default=0)  # read by `stale_runners` alone
    parser.add_argument("--no-prestarted-shells", dest="prestarted_shells", action="store_false")
    parser.add_argument("--no-direct-exec", dest="direct_exec", action="store_false")
    parser.add_argument("--on-lease-loss", choices=("kill", "keep"), default="kill")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
