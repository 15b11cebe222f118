"""A run that others attack: it says where it is in a file, and counts until it may end.

A program for the Python of the machine, which any user may run: `python3 -c … FOLDER`.
"""

import ctypes
import json
import os
import socket
import sys
import time

IPC_CREAT = 0o1000


def _bound(address: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.bind(address)
    made.listen()
    return made


def main() -> None:
    """Open what may be attacked, privately, and wait for the file `end`."""
    libc = ctypes.CDLL(None, use_errno=True)
    folder, home, name = sys.argv[1], os.environ["HOME"], f"punctual-victim-{os.getpid()}"
    os.umask(0o077)
    for path in (f"{home}/private", f"/tmp/{name}", f"/dev/shm/{name}"):
        with open(path, "w") as file:
            file.write("private")
    sockets = [_bound(f"{home}/socket"), _bound(f"\0{name}")]
    there = {
        "pid": os.getpid(),
        "runner": os.getppid(),
        "home": home,
        "name": name,
        "shm": libc.shmget(0, 4096, IPC_CREAT | 0o600),
        "sem": libc.semget(0, 1, IPC_CREAT | 0o600),
        "msg": libc.msgget(0, IPC_CREAT | 0o600),
    }
    with open("/proc/self/stat") as stat:
        there["stack"] = int(stat.read().rpartition(")")[2].split()[25])
    os.umask(0)
    with open(f"{folder}/new", "w") as file:
        json.dump(there, file)
    os.rename(f"{folder}/new", f"{folder}/victim")
    count = 0
    while not os.path.exists(f"{folder}/end"):
        time.sleep(0.01)
        count += 1
        with open(f"{home}/count", "w") as file:
            file.write(str(count))
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
    with open(f"{home}/private") as file:
        assert file.read() == "private"
    assert len(sockets) == 2
    print("unharmed")


main()
