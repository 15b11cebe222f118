"""The environment that every command finds, as docs/guide/tasks.md lists it."""

import os
import pwd

from punctual_worker.runner.launch.spawn import DEFAULT_PATH

PRINT = "/usr/bin/env -0"
"""A command that writes its environment, for `environment` to read."""


def environment(output: bytes) -> dict[str, str]:
    """Return what a command has written of its environment."""
    pairs = (os.fsdecode(line).partition("=") for line in output.split(b"\0") if line)
    return {name: value for name, _, value in pairs}


def defaults(home: str) -> dict[str, str]:
    """Return what a command of this user finds before anything is set, but for HOME itself."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    return {
        "PATH": DEFAULT_PATH,
        "LANG": "C.UTF-8",
        "TMPDIR": home,
        "USER": user,
        "LOGNAME": user,
        "SHELL": "/bin/sh",
        "PYTHONUNBUFFERED": "1",
    }
