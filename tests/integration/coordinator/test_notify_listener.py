"""Wake-ups: received at once, through lost connections, and never more passes than needed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

from punctual.store.driver.notify import wake_coordinators
from punctual_coordinator.notify_listener import wake_on_notice
from tests.support.eventually import eventually


class Sleeper:
    """Counts how often it is woken; each wake-up lasts until it is let go."""

    def __init__(self) -> None:
        self.woken = 0
        self.let_go = threading.Semaphore(0)

    def wake(self) -> None:
        """What a pass would do, but slowly."""
        self.woken += 1
        assert self.let_go.acquire(timeout=20)


@contextmanager
def listening(database_url: str, sleeper: Sleeper) -> Iterator[None]:
    """A thread that listens, and has already been woken once, by its own connection."""
    stop = threading.Event()
    thread = threading.Thread(
        target=wake_on_notice,
        args=(database_url, sleeper.wake, stop),
        kwargs={"turned": lambda: None},
    )
    thread.start()
    try:
        eventually(lambda: sleeper.woken == 1)
        yield
    finally:
        stop.set()
        for _ in range(10):
            sleeper.let_go.release()
        thread.join(10)
        assert not thread.is_alive()


def notify(engine: Engine) -> None:
    """Say that something is due."""
    with engine.begin() as connection:
        wake_coordinators(connection)


def test_many_notices_during_one_pass_make_exactly_one_more(
    engine: Engine, database_url: str
) -> None:
    sleeper = Sleeper()
    with listening(database_url, sleeper):
        for _ in range(5):
            notify(engine)
        sleeper.let_go.release()
        eventually(lambda: sleeper.woken == 2)
        sleeper.let_go.release()
        notify(engine)
        eventually(lambda: sleeper.woken >= 3)
        assert sleeper.woken == 3


def test_a_lost_connection_is_made_again_and_counts_as_a_notice(
    engine: Engine, database_url: str
) -> None:
    sleeper = Sleeper()
    with listening(database_url, sleeper):
        sleeper.let_go.release()
        with engine.begin() as connection:
            ended = connection.execute(
                text("""
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database()
                  AND application_name = 'punctual-coordinator-listen'""")
            ).scalar_one()
        assert ended == 1
        eventually(lambda: sleeper.woken == 2)
        sleeper.let_go.release()
        notify(engine)
        eventually(lambda: sleeper.woken == 3)
