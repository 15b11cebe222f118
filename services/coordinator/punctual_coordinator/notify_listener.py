"""Wake-ups: what became due a moment ago does not wait for the next tick."""

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
    """Call `wake` whenever a writer says that something is due soon, until `stop` is set.

    All that is said while it runs makes for one more call, and so does every new connection, for
    what may have been said before it.
    """
    for _ in listen(database_url, DUE_CHANNEL, service="coordinator", stop=stop, turned=turned):
        wake()
