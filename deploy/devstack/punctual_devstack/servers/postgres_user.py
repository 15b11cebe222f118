"""Whom PostgreSQL runs as when we are root, which it refuses to be, and what that can reach."""

import os
import pwd
import subprocess
import tempfile
from pathlib import Path

from punctual_devstack.processes.spawn import ServerUser

# Not `nobody`, unless there is no other: anything may run as that, and could then touch our files.
CANDIDATES = ("postgres", "daemon", "nobody")
REACHED_BY_ALL = Path("/var/lib/punctual")


def server_account() -> ServerUser | None:
    """An account of this machine that is not root, or None when we are not root ourselves."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(found.pw_uid, found.pw_gid)
    raise LookupError(f"PostgreSQL refuses to run as root, and none of {CANDIDATES} is a user here")


def can_reach(path: Path, account: ServerUser | None) -> bool:
    """Whether the account may enter this folder, or run this program, found out by trying."""
    if account is None:
        return True
    tried = subprocess.run(
        ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return tried.returncode == 0


def reachable_temporary(prefix: str, *, within: Path | None = None) -> Path:
    """Return a new empty folder that any account may pass through; its maker removes it."""
    account = server_account()
    tried = (within,) if within else (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))
    parent = next((each for each in tried if can_reach(each, account)), tried[0])
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    folder.chmod(0o711)
    return folder
