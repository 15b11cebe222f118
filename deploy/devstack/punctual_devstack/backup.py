"""`make backup`: the whole database into one file, while everything runs."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from punctual_devstack import settings
from punctual_devstack.data_dir import DataDir
from punctual_devstack.servers.database_session import CannotVisit, Client, any_database, program
from punctual_devstack.servers.postgres import Unusable
from punctual_devstack.servers.temporary import NotReady


class BackupFailed(Exception):
    """The message gives the cause, or is that of pg_dump or pg_restore."""


def backup(url: str, to: Path) -> None:
    """Write a consistent copy of the database to `to`, readable by its owner alone, or nothing.

    It holds tasks, runs, output, users with their password hashes: guard it like the database. It
    holds no secret key, no passwords of servers, no roles and no rights.
    """
    client = Client.of(url)
    if not to.parent.is_dir():
        raise BackupFailed(f"{to.parent}: no such folder; make it first")
    if to.exists() and not to.is_file():
        raise BackupFailed(f"{to}: a folder or a device; name a file")
    partial = to.with_name(f"{to.name}.partial")
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={partial}"]
        _run(program("pg_dump"), *options, f"--dbname={client.database}", client=client)
        _run(program("pg_restore"), "--list", str(partial), client=client)
        partial.replace(to)
    finally:
        partial.unlink(missing_ok=True)


def _run(*command: str, client: Client) -> None:
    done = subprocess.run(
        command, env=dict(client.environ), capture_output=True, text=True, check=False
    )
    if done.returncode:
        message = done.stderr.strip() or f"{command[0]} ended with {done.returncode}"
        if "permission denied for" in message:
            message += "\nPUNCTUAL_DATABASE_URL must be that of the role which owns the tables"
        raise BackupFailed(message)


def main() -> int:
    """0 with the file's name on standard output, or 1 and a sentence."""
    try:
        stack = settings.read(os.environ)
        data_dir = DataDir(stack.data_dir)
        name = f"punctual-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"
        own = data_dir.path / "backups"
        to = Path(os.environ.get("TO") or own / name).expanduser()
        if to.parent == own:
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
        with any_database(stack, data_dir) as url:
            backup(url, to)
    except (
        BackupFailed,
        CannotVisit,
        NotReady,
        OSError,
        Unusable,
        settings.InvalidStackSetting,
    ) as why:
        sys.stderr.write(f"no backup: {why}\n")
        return 1
    sys.stdout.write(f"{to}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
