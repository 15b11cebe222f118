"""Listen to wake-up channels on a separate connection, and reconnect when it breaks."""

import select
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

import psycopg2
import structlog
from psycopg2 import sql
from sqlalchemy.engine import make_url

from punctual.store.driver.engine import connect_args, driver_url

log = structlog.get_logger()

CHECK_SECONDS = 1.0
RECONNECT_SECONDS = 1.0


class Notification(NamedTuple):
    """A NOTIFY: its channel and its payload."""

    channel: str
    payload: str


def listen(
    database_url: str,
    *channels: str,
    service: str,
    stop: threading.Event,
    turned: Callable[[], None],
) -> Iterator[list[Notification]]:
    """Yield the notifications of these channels, in batches as they arrive, until `stop` is set.

    Every new connection first yields an empty batch: some may have been sent before it.
    `turned` is called every few seconds, whether any arrive or not.
    """
    away = False
    while not stop.is_set():
        turned()
        try:
            connection = _connect(database_url, service=service)
        except psycopg2.Error:
            if not away:
                log.warning("wake-up channel lost", channels=channels)
            away = True
            stop.wait(RECONNECT_SECONDS)
            continue
        away = False
        try:
            with connection.cursor() as cursor:
                for channel in channels:
                    cursor.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            yield []
            while not stop.is_set():
                turned()
                if select.select([connection], [], [], CHECK_SECONDS)[0]:
                    connection.poll()
                    received = [
                        Notification(each.channel, each.payload) for each in connection.notifies
                    ]
                    connection.notifies.clear()
                    if received:
                        yield received
        except psycopg2.Error:
            stop.wait(RECONNECT_SECONDS)
        finally:
            connection.close()


def _connect(database_url: str, *, service: str) -> psycopg2.extensions.connection:
    url = make_url(driver_url(database_url)).set(drivername="postgresql")
    connection: psycopg2.extensions.connection = psycopg2.connect(
        url.render_as_string(hide_password=False), **connect_args(service=f"{service}-listen")
    )
    connection.autocommit = True
    return connection
