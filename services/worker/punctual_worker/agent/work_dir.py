"""The work directory: the folder in which commands run."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from punctual.ops.config import InvalidSetting
from punctual.ops.process_user import ProcessUser, can_use, name_of
from punctual.ops.slot_users import SlotUserRange
from punctual_worker.agent.slot_users import NAME
from punctual_worker.runner.host.runner_dir import PREFIX

TRAVERSABLE = 0o711
"""Others than its owner get to folders in it, and see nothing of it."""


def make_folder(path: Path, account: ProcessUser | None, *, mode: int = 0o700) -> None:
    """Have a folder that `account` can use: who is root makes it, or hands over a worker's.

    It gets that mode then; one of others stays as it is. Raises InvalidSetting when it cannot be
    used by that account.
    """
    if account is None or os.geteuid() != 0:
        return
    path = path.absolute()
    try:
        with suppress(FileExistsError):
            path.mkdir(mode=mode, parents=True)
            path.chmod(mode)  # whatever the umask is, and before root gives it away
        if not can_use(path, account, os.W_OK | os.X_OK):
            _hand_over(path, account, mode)
    except OSError as error:
        raise InvalidSetting(f"PUNCTUAL_WORK_DIR: {path}: {error.strerror}") from None
    if not can_use(path, account, os.W_OK | os.X_OK):
        raise InvalidSetting(
            f"PUNCTUAL_WORK_DIR: {path} cannot be used by {name_of(account)}, whom commands run as:"
            " choose a folder that this user can reach and write to"
        )


def make_folder_of_slots(path: Path, slot_users: SlotUserRange) -> None:
    """Have a folder of the runner that the users of slots get to their own folders through.

    Raises InvalidSetting when they cannot.
    """
    path = path.absolute()
    make_folder(path, slot_users.runner, mode=TRAVERSABLE)
    if not can_use(path, slot_users.command(0), os.X_OK):
        raise InvalidSetting(
            f"PUNCTUAL_WORK_DIR: {path} cannot be entered by users {slot_users.name}, whom commands"
            " run as: choose a folder that they can reach, and have its mode 0711"
        )
    if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise InvalidSetting(
            f"PUNCTUAL_WORK_DIR: others than its owner may write to {path}: have its mode 0711"
        )


def _hand_over(path: Path, account: ProcessUser, mode: int) -> None:
    """Give it to the account if nothing but what a worker made is in it."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
        ours = all(name.startswith((PREFIX, f"new-{PREFIX}", NAME)) for name in names)
        if ours:
            os.fchmod(folder, mode)  # not every root may once it is another's
            os.fchown(folder, account.uid, account.gid)
    finally:
        os.close(folder)
