"""Notify listener: a notification starts a pass, so that new work need not wait for a tick."""

import threading
from collections.abc import Callable

from punctual.store.driver.listen import listen
from punctual.store.driver.notify import DUE_CHANNEL


def wake_on_notice(
    database_url: str,
    wake: Callable[[], None],
    stop: threading.Event,
    *,
    turned: Callable[[], None],
) -> None:
    """Call `wake` at each notification of something due soon, until `stop` is set.

    All that is said while it runs makes for one more call, and so does every new connection, for
    what may have been said before it.
    """
    for _ in listen(database_url, DUE_CHANNEL, service="coordinator", stop=stop, turned=turned):
        wake()
