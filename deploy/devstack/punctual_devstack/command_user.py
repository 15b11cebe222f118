"""Whom commands run as when the stack is root's, and where they live."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from punctual.ops import config, process_user
from punctual.ops.process_user import ProcessUser
from punctual.ops.slot_users import SlotUserRange, slot_users_of
from punctual_devstack.servers.postgres_user import REACHED_BY_ALL, server_account
from punctual_devstack.settings import InvalidStackSetting, StackSettings, check_services

SPARE_ID = 65_533
"""For commands where the database's server is `nobody` already: it must not share its user."""


READ = ("user", "command_user", "slot_users", "command_networks")
FIRST_SLOT_USER = 2_100_000_000
STACKS, USERS_OF_A_STACK = 4_000, 10_000
"""From 2,100,000,000 to 2,139,999,999: no convention gives these numbers to users or containers."""


@dataclass(frozen=True, slots=True)
class CommandUser:
    """The settings that workers get, and a line for the terminal, if there is something to say."""

    work_dir: Path
    environ: dict[str, str] = field(default_factory=dict)
    notice: str | None = None
    slot_users: SlotUserRange | None = None
    """Of the first worker; each other one has the range after that of the one before."""

    def environ_of(self, number: int) -> dict[str, str]:
        """Return the settings of worker 1, 2 and so on."""
        if self.slot_users is None:
            return self.environ
        first = self.slot_users.after(number - 1).first
        return {**self.environ, "PUNCTUAL_SLOT_USERS": str(first)}


def command_user(settings: StackSettings, *, euid: int) -> CommandUser:
    """Choose the users of commands as a worker does, and a folder that they can reach.

    Raises InvalidSetting for users that cannot be had.
    """
    work_dir = settings.data_dir / "work"
    try:
        given = config.load(only=READ, environ=settings.environ)
        agent = process_user.account_of("USER", given.user, euid=euid)
        chosen = process_user.command_account(given.command_user, agent=agent, euid=euid)
        slot_users, refused = _slot_users(settings, given, agent=agent, euid=euid)
    except config.InvalidSetting as error:
        raise InvalidStackSetting(str(error)) from None
    if given.reach is not None and slot_users is None:
        raise InvalidStackSetting(
            "PUNCTUAL_COMMAND_NETWORKS takes users of slots, and so a start as root:"
            " PUNCTUAL_COMMAND_NETWORKS=all lets commands reach everything"
        )
    if euid != 0:
        return CommandUser(work_dir)
    if slot_users is not None:
        work_dir = _reached(settings, slot_users.command(0))
        default = (
            f"commands of each slot run as a user of their own, {slot_users.commands[0]} and up,"
            " not as root: PUNCTUAL_SLOT_USERS names other users"
        )
        shown = default if not settings.given("SLOT_USERS") else None
        return CommandUser(work_dir, {}, shown, slot_users)
    if chosen is None:
        return CommandUser(work_dir, notice="commands run as root, as PUNCTUAL_COMMAND_USER says")
    environ = {}
    server = server_account()
    if not given.command_user and server is not None and server.uid == chosen.uid:
        chosen = process_user.ProcessUser(SPARE_ID, SPARE_ID)
        environ["PUNCTUAL_COMMAND_USER"] = f"{chosen.uid}:{chosen.gid}"
    notice: str | None = None
    if not given.command_user:
        notice = (
            f"commands run as {process_user.name_of(chosen)}, not as root:"
            " PUNCTUAL_COMMAND_USER names another user"
        )
    if refused:
        notice = f"{notice}; they are one user: {refused}"
    return CommandUser(_reached(settings, chosen), environ, notice)


def _slot_users(
    settings: StackSettings, given: config.Settings, *, agent: ProcessUser | None, euid: int
) -> tuple[SlotUserRange | None, str | None]:
    """Return the first worker's range, or why the one that is used by default cannot be had."""
    if euid != 0 or (given.command_user and not given.slot_users):
        return None, None
    slots = check_services(settings).slots if settings.given("SLOTS") else settings.slots
    is_given = settings.given("SLOT_USERS")
    found = None
    first = given.slot_users if is_given else _first_of(settings)
    try:
        for number in range(max(settings.workers, 1)):
            users = slot_users_of(
                first and SlotUserRange(first, slots).after(number).first,
                slots=slots,
                command_user=given.command_user,
                agent=agent,
                euid=euid,
            )
            found = found or users
    except config.InvalidSetting as error:
        if is_given:
            raise
        return None, str(error)
    return found, None


def _first_of(settings: StackSettings) -> int:
    """Return the first user for a data directory: stacks of one machine have ranges apart."""
    digest = hashlib.sha256(bytes(settings.data_dir)).digest()
    return FIRST_SLOT_USER + int.from_bytes(digest[:2]) % STACKS * USERS_OF_A_STACK


def _reached(settings: StackSettings, account: ProcessUser) -> Path:
    """Return a folder for commands that this user can get to."""
    if process_user.can_use(settings.data_dir, account, os.X_OK):
        return settings.data_dir / "work"
    name = hashlib.sha256(bytes(settings.data_dir)).hexdigest()[:16]
    return REACHED_BY_ALL / f"work-{name}"
