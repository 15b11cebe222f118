"""Memory shared with the runner, which records each launch in it right before.

It is there after the runner has died, however that came: an attempt that has no note was never
launched. A note costs the runner one write to memory, and no system call.
"""

import errno
import fcntl
import mmap
import os

CELLS = 16 * 1024
"""As many attempts are ordered and not reported at a time; of more, nothing is known."""

CELL_BYTES = 8
NO_EXEC_SEAL = 0x8  # os.MFD_NOEXEC_SEAL is not in every Python, and not in kernels before 6.3


class LaunchMemory:
    """A cell for each ordered attempt: 0, or the instant (CLOCK_MONOTONIC, ns) of its launch.

    Safe from any thread, as each attempt is entered and forgotten once.
    """

    def __init__(self) -> None:
        self.descriptor = _sealed_memory(CELLS * CELL_BYTES)
        """For the runner to inherit."""
        self._cells = memoryview(mmap.mmap(self.descriptor, 0)).cast("Q")
        self._free = list(range(CELLS))
        self._cell_of: dict[str, int | None] = {}

    def close_descriptor(self) -> None:
        """Close what only the runner needed; the memory stays."""
        os.close(self.descriptor)

    def enter(self, key: str) -> int | None:
        """Return the cell of an attempt that is about to be ordered; None when none is free."""
        if key not in self._cell_of:
            cell = self._free.pop() if self._free else None
            if cell is not None:
                self._cells[cell] = 0
            self._cell_of[key] = cell
        return self._cell_of[key]

    def forget(self, key: str) -> None:
        """Free the cell of an attempt whose end is reported."""
        cell = self._cell_of.pop(key, None)
        if cell is not None:
            self._free.append(cell)

    def may_have_launched(self, key: str) -> bool:
        """Return whether an attempt was ordered and cannot be shown not to have been launched."""
        return key in self._cell_of and self.launched_ns(key) != 0

    def launched_ns(self, key: str) -> int | None:
        """Return when it was launched, 0 when it was not, None when that is unknown."""
        cell = self._cell_of.get(key)
        return None if cell is None else self._cells[cell]


def _sealed_memory(size: int) -> int:
    """Return the descriptor of zeroed memory of that size, which can neither shrink nor grow."""
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        descriptor = os.memfd_create("punctual-launches", flags | NO_EXEC_SEAL)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        descriptor = os.memfd_create("punctual-launches", flags)
    # Written and not only sized: no page is missing when a launch is noted.
    os.write(descriptor, bytes(size))
    seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor
