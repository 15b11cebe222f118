"""Settings of what commands may use: defaults for tasks without limits, and maxima."""

from dataclasses import dataclass

from punctual.ops.access_settings import AccessSettings


@dataclass(frozen=True, slots=True)
class CommandSettings(AccessSettings):
    """Limits of an attempt: `limit_…` where its task sets none, `max_…` for every task; 0 is none.

    None: our choice, a share of the machine.
    """

    limit_processes: int | None = None
    limit_memory_bytes: int | None = None
    limit_file_bytes: int = 8 * 2**30
    max_processes: int = 0
    max_memory_bytes: int = 0
    max_file_bytes: int = 0
    max_timeout_seconds: float = 0

    @property
    def maxima(self) -> dict[str, int]:
        """Return the maxima of the limits that are set, by the names of the limits."""
        named = {
            "processes": self.max_processes,
            "memory_bytes": self.max_memory_bytes,
            "file_bytes": self.max_file_bytes,
        }
        return {name: most for name, most in named.items() if most}
