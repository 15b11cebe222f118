"""Debian packages that tests need, installed where a machine lacks them."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path


def install_debian_package(name: str) -> None:
    """Install a package if this process may; else do nothing.

    One at a time, as two test processes may both need one and `apt-get` refuses to run twice.
    """
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # In the .venv, not in /tmp: there it could be another user's.
    with (Path(sys.prefix) / "apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in ("update", f"install -y --no-install-recommends {name}"):
            subprocess.run(["apt-get", "-qq", *command.split()], check=True, env=environ)
