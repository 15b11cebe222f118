"""The work directory: the folder in which commands run."""

import os
from pathlib import Path

from punctual.ops.config import InvalidSetting
from punctual.ops.process_user import ProcessUser, can_use, name_of
from punctual_worker.runner.host.runner_dir import PREFIX


def make_folder(path: Path, account: ProcessUser | None) -> None:
    """Have a folder that only `account` can use: who is root makes it, or hands over a worker's.

    Raises InvalidSetting when it cannot be used by that account.
    """
    if account is None or os.geteuid() != 0:
        return
    path = path.absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not can_use(path, account, os.W_OK | os.X_OK):
            _hand_over(path, account)
    except OSError as error:
        raise InvalidSetting(f"PUNCTUAL_WORK_DIR: {path}: {error.strerror}") from None
    if not can_use(path, account, os.W_OK | os.X_OK):
        raise InvalidSetting(
            f"PUNCTUAL_WORK_DIR: {path} cannot be used by {name_of(account)}, whom commands run as:"
            " choose a folder that this user can reach and write to"
        )


def _hand_over(path: Path, account: ProcessUser) -> None:
    """Give it to the account if nothing but what a worker made is in it."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        with os.scandir(folder) as entries:
            ours = all(entry.name.startswith((PREFIX, f"new-{PREFIX}")) for entry in entries)
        if ours:
            os.fchown(folder, account.uid, account.gid)
    finally:
        os.close(folder)
