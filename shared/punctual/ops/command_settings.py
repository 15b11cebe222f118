"""Settings of what commands may reach and use: networks, default limits, and maxima."""

from dataclasses import dataclass

from punctual.domain.commands.reach import Reach, parse_reach
from punctual.ops.access_settings import AccessSettings


@dataclass(frozen=True, slots=True)
class CommandSettings(AccessSettings):
    """What commands may reach, and the limits of an attempt.

    `limit_…` is where its task sets none, `max_…` for every task; 0 is none, and None our choice,
    a share of the machine.
    """

    command_networks: str = "all"
    limit_processes: int | None = None
    limit_memory_bytes: int | None = None
    limit_file_bytes: int = 8 * 2**30
    limit_disk_bytes: int | None = None
    max_processes: int = 0
    max_memory_bytes: int = 0
    max_file_bytes: int = 0
    max_disk_bytes: int = 0
    max_timeout_seconds: float = 0

    @property
    def reach(self) -> Reach | None:
        """Return what commands may reach; None is everything."""
        return parse_reach(self.command_networks)

    @property
    def maxima(self) -> dict[str, int]:
        """Return the maxima of the limits that are set, by the names of the limits."""
        named = {
            "processes": self.max_processes,
            "memory_bytes": self.max_memory_bytes,
            "file_bytes": self.max_file_bytes,
            "disk_bytes": self.max_disk_bytes,
        }
        return {name: most for name, most in named.items() if most}


def check_commands(s: CommandSettings) -> None:
    """Raise ValueError, naming the setting without its prefix, for one that cannot be used."""
    try:
        parse_reach(s.command_networks)
    except ValueError as error:
        raise ValueError(
            f"COMMAND_NETWORKS must be all, or internet and networks such as 10.0.0.0/8: {error}"
        ) from None
