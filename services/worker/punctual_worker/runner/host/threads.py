"""Starts the runner's few threads, which do what the kernel may take long for."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def start_thread(work: Callable[[], None]) -> bool:
    """Start a daemon thread; False when there is no room for one now, which must end no command."""
    try:
        threading.Thread(target=work, daemon=True).start()
    except RuntimeError:
        return False
    return True
