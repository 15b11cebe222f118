"""Whom commands run as when the stack is root's, and where they live."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from punctual.ops import config, process_user
from punctual_devstack.servers.postgres_user import REACHED_BY_ALL, server_account
from punctual_devstack.settings import InvalidStackSetting, StackSettings

SPARE_ID = 65_533
"""For commands where the database's server is `nobody` already: it must not share its user."""


@dataclass(frozen=True, slots=True)
class CommandUser:
    """The settings that workers get, and a line for the terminal, if there is something to say."""

    work_dir: Path
    environ: dict[str, str] = field(default_factory=dict)
    notice: str | None = None


def command_user(settings: StackSettings, *, euid: int) -> CommandUser:
    """Choose the user of commands as a worker does, and a folder that this user can reach.

    Raises InvalidSetting for a user that cannot be had.
    """
    work_dir = settings.data_dir / "work"
    try:
        given = config.load(only=("user", "command_user"), environ=settings.environ)
        agent = process_user.account_of("USER", given.user, euid=euid)
        chosen = process_user.command_account(given.command_user, agent=agent, euid=euid)
    except config.InvalidSetting as error:
        raise InvalidStackSetting(str(error)) from None
    if euid != 0:
        return CommandUser(work_dir)
    if chosen is None:
        return CommandUser(work_dir, notice="commands run as root, as PUNCTUAL_COMMAND_USER says")
    environ = {}
    server = server_account()
    if not given.command_user and server is not None and server.uid == chosen.uid:
        chosen = process_user.ProcessUser(SPARE_ID, SPARE_ID)
        environ["PUNCTUAL_COMMAND_USER"] = f"{chosen.uid}:{chosen.gid}"
    if not process_user.can_use(settings.data_dir, chosen, os.X_OK):
        name = hashlib.sha256(bytes(settings.data_dir)).hexdigest()[:16]
        work_dir = REACHED_BY_ALL / f"work-{name}"
    notice = None
    if not given.command_user:
        notice = (
            f"commands run as {process_user.name_of(chosen)}, not as root:"
            " PUNCTUAL_COMMAND_USER names another user"
        )
    return CommandUser(work_dir, environ, notice)
