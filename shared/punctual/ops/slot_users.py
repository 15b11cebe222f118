"""The range of users that PUNCTUAL_SLOT_USERS gives a worker: its runner's, and its slots'."""

import pwd
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from punctual.ops.config import PREFIX, InvalidSetting
from punctual.ops.process_user import ProcessUser, capabilities

SETTING = f"{PREFIX}SLOT_USERS"
USERS_OF_A_SLOT = 2
"""While what one left is removed, the next run starts as the other."""
LARGEST_UID = 2**31 - 2
SUBORDINATES = Path("/etc/subuid")
OWN_NAME = "punctual-"
"""How accounts are called that an operator makes for these users: only these may have a name."""
CAPABILITIES = {"KILL": 5, "SETGID": 6, "SETUID": 7}


@dataclass(frozen=True, slots=True)
class SlotUserRange:
    """The first user is the runner's, the others are the commands'; each has a group alike."""

    first: int
    slots: int

    @property
    def runner(self) -> ProcessUser:
        """Return the user that no command is."""
        return ProcessUser(self.first, self.first)

    @property
    def commands(self) -> range:
        """Return the numbers of the users that commands are."""
        return range(self.first + 1, self.first + 1 + USERS_OF_A_SLOT * self.slots)

    @property
    def all(self) -> range:
        """Return every number of the range."""
        return range(self.first, self.commands.stop)

    @property
    def name(self) -> str:
        """Return how logs name the users that commands are."""
        return f"{self.commands[0]}-{self.commands[-1]}"

    def command(self, number: int) -> ProcessUser:
        """Return one of the users that commands are."""
        uid = self.commands[number]
        return ProcessUser(uid, uid)

    def after(self, others: int) -> "SlotUserRange":
        """Return the range that follows this one and `others` more of its size."""
        return SlotUserRange(self.first + others * len(self.all), self.slots)

    def options(self) -> tuple[str, ...]:
        """Return the runner's options for it."""
        return ("--slot-users", str(self.commands.start), str(len(self.commands)))

    def __str__(self) -> str:
        """Return the range as messages name it."""
        return f"{self.first} to {self.all[-1]}"


def slot_users_of(
    first: int, *, slots: int, command_user: str, agent: ProcessUser | None, euid: int
) -> SlotUserRange | None:
    """Return the range that the settings give; None when they give none.

    Raises InvalidSetting when it cannot be used on this machine, saying why.
    """
    if not first:
        return None
    users = SlotUserRange(first, slots)
    if command_user:
        raise InvalidSetting(
            f"{SETTING} and {PREFIX}COMMAND_USER are both set: set one; with {SETTING} the commands"
            " of each slot are a user of their own"
        )
    if euid != 0:
        raise InvalidSetting(f"{SETTING} takes a worker that is started as root")
    if users.all[-1] > LARGEST_UID:
        raise InvalidSetting(f"{SETTING}: users {users} are too large: the last is {LARGEST_UID}")
    if agent is not None and agent.uid in users.all:
        raise InvalidSetting(
            f"{SETTING}: {PREFIX}USER is one of {users}: choose a range without it"
        )
    granted = capabilities()
    if missing := [name for name, number in CAPABILITIES.items() if number not in granted]:
        raise InvalidSetting(
            f"{SETTING} takes a worker with the capabilities {', '.join(CAPABILITIES)}: it lacks"
            f" {', '.join(missing)}"
        )
    if not _are_mapped(users.all):
        raise InvalidSetting(f"{SETTING}: this user namespace has no users {users}")
    for uid, name in _strangers(users.all):
        raise InvalidSetting(
            f"{SETTING}: user {uid} of the range {users} is {name}: choose a range that nothing"
            " else uses"
        )
    return users


def _are_mapped(uids: range) -> bool:
    """Return whether this user namespace has all of these users."""
    with suppress(OSError):
        for line in Path("/proc/self/uid_map").read_text().splitlines():
            first, _, count = map(int, line.split())
            if first <= uids.start and uids.stop <= first + count:
                return True
    return False


def _strangers(uids: range) -> Iterator[tuple[int, str]]:
    """Yield the users of the range that exist already, or that containers of a user have."""
    for uid in uids:
        with suppress(KeyError):
            name = pwd.getpwuid(uid).pw_name
            if not name.startswith(OWN_NAME):
                yield uid, name
    with suppress(OSError, ValueError):
        for line in SUBORDINATES.read_text().splitlines():
            owner, first, count = line.split(":")
            start, stop = int(first), int(first) + int(count)
            if start < uids.stop and uids.start < stop:
                yield max(start, uids.start), f"one of the containers of {owner} (/etc/subuid)"
