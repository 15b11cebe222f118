"""Have the kernel's packet filter keep commands to what they may reach, by `nft`."""

import os
import shutil
import subprocess

from punctual.domain.commands.reach import Reach
from punctual.ops.config import PREFIX, InvalidSetting
from punctual.ops.process_user import capabilities
from punctual.ops.slot_users import SlotUserRange
from punctual_worker.agent.networks.resolvers import name_servers
from punctual_worker.agent.networks.ruleset import removal, ruleset

SETTING = f"{PREFIX}COMMAND_NETWORKS"
PROGRAM = "nft"
PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
NET_ADMIN = 12
SECONDS = 20
OPEN = f"{SETTING}=all lets commands reach everything"


def restrict_networks(users: SlotUserRange | None, reach: Reach | None) -> bool:
    """Keep the commands of these users to what they may reach; return whether that is restricted.

    Raises InvalidSetting where it cannot be done: a worker must not start with commands that reach
    more than its operator says.
    """
    if reach is None:
        if users is not None:
            remove_restriction(users)  # an earlier worker's
        return False
    if users is None:
        raise InvalidSetting(f"{SETTING} takes {PREFIX}SLOT_USERS; {OPEN}")
    if NET_ADMIN not in capabilities():
        raise InvalidSetting(f"{SETTING} takes a worker with the capability NET_ADMIN; {OPEN}")
    program = _program()
    if program is None:
        raise InvalidSetting(f"{SETTING} takes the program nft, of nftables; {OPEN}")
    if error := _run(program, ruleset(users.commands, reach, name_servers())):
        raise InvalidSetting(f"{SETTING} cannot be applied: {error}; {OPEN}")
    return True


def remove_restriction(users: SlotUserRange) -> None:
    """Remove the rules for these users where this process may; where it may not, they stay.

    They concern users that no other process is, and the next worker with this range replaces them.
    """
    program = _program()
    if program is not None and os.geteuid() == 0 and NET_ADMIN in capabilities():
        _run(program, removal(users.commands))


def _program() -> str | None:
    return shutil.which(PROGRAM, path=PATH)


def _run(program: str, commands: str) -> str | None:
    """Have nft execute commands, all or none; return why it did not."""
    try:
        done = subprocess.run(  # noqa: S603 - the program is one of the system's folders
            [program, "-f", "-"],
            input=commands,
            env={},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = done.stderr.strip().splitlines()
    return None if done.returncode == 0 else (lines[0] if lines else f"exit {done.returncode}")
