"""The folder that commands live in."""

import os
from pathlib import Path

from punctual.account import Account


def make_folder(path: Path, account: Account | None) -> None:
    """Have a folder that only `account` can use, if it must be made: who is root can do so now."""
    if account is not None and os.geteuid() == 0 and not path.exists():
        path.mkdir(mode=0o700, parents=True)
        os.chown(path, account.uid, account.gid)
