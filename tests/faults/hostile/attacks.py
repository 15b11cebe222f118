"""What a hostile command tries: a program for the Python of the machine, with a technique's name.

It prints `reached`, `refused` (also where it does not even see its target) or `failed` and why.
"""

import ctypes
import json
import os
import resource
import signal
import socket
import sys
from typing import Any

PTRACE_ATTACH, PTRACE_DETACH, WALL = 16, 17, 0x40000000
PIDFD_GETFD = 438
SHM_RDONLY = 0o10000
IPC_RMID, IPC_STAT = 0, 2
GETALL = 13
REFUSED = (PermissionError, FileNotFoundError, ProcessLookupError)

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
libc.shmat.restype = ctypes.c_void_p
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Piece(ctypes.Structure):
    """An iovec."""

    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def _called(result: int | None) -> None:
    if result in (-1, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _trace(pid: int) -> None:
    _called(libc.ptrace(PTRACE_ATTACH, pid, None, None))
    os.waitpid(pid, WALL)
    _called(libc.ptrace(PTRACE_DETACH, pid, None, None))


def _take_descriptor(pid: int) -> None:
    _called(libc.syscall(PIDFD_GETFD, os.pidfd_open(pid), 1, 0))


def _read_memory(pid: int) -> None:
    buffer = ctypes.create_string_buffer(8)
    # Where the stack begins is shown to those alone who may look; any address is refused else.
    there = json.loads(os.environ["VICTIM"])["stack"]
    local, remote = Piece(ctypes.addressof(buffer), 8), Piece(there, 8)
    _called(libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0))


def _signal_by_descriptor(pid: int) -> None:
    signal.pidfd_send_signal(os.pidfd_open(pid), 0)


def _lower_limits(pid: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (64, 64))


def _read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def _connect(address: str) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(address)


def _attach_shared_memory(there: dict[str, Any]) -> None:
    _called(libc.shmat(there["shm"], None, SHM_RDONLY))


def _remove_shared_memory(there: dict[str, Any]) -> None:
    _called(libc.shmctl(there["shm"], IPC_RMID, None))


def _read_semaphores(there: dict[str, Any]) -> None:
    _called(libc.semctl(there["sem"], 0, GETALL, (ctypes.c_ushort * 8)()))


def _look_at_queue(there: dict[str, Any]) -> None:
    _called(libc.msgctl(there["msg"], IPC_STAT, ctypes.create_string_buffer(256)))


def _replace(path: str) -> None:
    os.symlink("/etc/passwd", f"{path}-{os.getpid()}")
    os.rename(f"{path}-{os.getpid()}", path)


def _own_descriptors(_there: dict[str, Any]) -> None:
    """Succeed if there is one from which something of the runner or another run is to be had."""
    extra = set(os.listdir("/proc/self/fd")) - {"0", "1", "2"}
    for number in extra:
        if os.path.exists(f"/proc/self/fd/{number}"):  # not the one that listed them
            return
    kinds = [os.readlink(f"/proc/self/fd/{number}") for number in (0, 1, 2)]
    if kinds[0] != "/dev/null" or not all(kind.startswith("pipe:") for kind in kinds[1:]):
        return
    raise PermissionError


def _see_arguments(there: dict[str, Any]) -> None:
    _read(f"/proc/{there['pid']}/cmdline")


# What is tried on a process: the victim, the runner, the agent.
ON_PROCESSES: dict[str, Any] = {
    "environ": lambda pid: _read(f"/proc/{pid}/environ"),
    "mem": lambda pid: open(f"/proc/{pid}/mem", "rb").close(),
    "maps": lambda pid: _read(f"/proc/{pid}/maps"),
    "fd": lambda pid: os.listdir(f"/proc/{pid}/fd"),
    "open fd": lambda pid: os.close(os.open(f"/proc/{pid}/fd/0", os.O_RDWR)),
    "cwd": lambda pid: os.listdir(f"/proc/{pid}/cwd"),
    "root": lambda pid: os.listdir(f"/proc/{pid}/root"),
    "exe": lambda pid: os.readlink(f"/proc/{pid}/exe"),
    "ptrace": _trace,
    "process_vm_readv": _read_memory,
    "pidfd_getfd": _take_descriptor,
    "kill": lambda pid: os.kill(pid, 0),
    "kill by pidfd": _signal_by_descriptor,
    "prlimit": _lower_limits,
    "setpriority": lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 19),
    "sched_setaffinity": lambda pid: os.sched_setaffinity(pid, os.sched_getaffinity(0)),
}
# What is tried on what the victim has.
ON_THE_VICTIM: dict[str, Any] = {
    "its HOME": lambda there: os.listdir(there["home"]),
    "a file in its HOME": lambda there: _read(f"{there['home']}/private"),
    "the folder of its HOME": lambda there: os.listdir(os.path.dirname(there["home"])),
    "the folder of its slot": lambda there: os.listdir(f"{there['home']}/../.."),
    "the folders of all homes": lambda there: os.listdir(f"{there['home']}/../../.."),
    "its file in /tmp": lambda there: _read(f"/tmp/{there['name']}"),
    "replacing its file in /tmp": lambda there: _replace(f"/tmp/{there['name']}"),
    "its POSIX shared memory": lambda there: _read(f"/dev/shm/{there['name']}"),
    "removing its POSIX shared memory": lambda there: os.unlink(f"/dev/shm/{there['name']}"),
    "attaching its System V shared memory": _attach_shared_memory,
    "reading its semaphores": _read_semaphores,
    "looking at its message queue": _look_at_queue,
    "removing its System V shared memory": _remove_shared_memory,
    "its socket in HOME": lambda there: _connect(f"{there['home']}/socket"),
    "its abstract socket": lambda there: _connect(f"\0{there['name']}"),
    "its arguments": _see_arguments,
    "descriptors that leaked": _own_descriptors,
}


def main() -> None:
    """Try one technique and print what came of it."""
    name, target = sys.argv[1:]
    there = json.loads(os.environ["VICTIM"])
    try:
        if target == "-":
            ON_THE_VICTIM[name](there)
        else:
            ON_PROCESSES[name](there[target])
    except REFUSED:
        print("refused")
    except Exception as error:
        print("failed", repr(error))
    else:
        print("reached")


main()
