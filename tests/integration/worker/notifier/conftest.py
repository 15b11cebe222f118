"""A crew of a notifier on a real database, and a team that it sends for."""

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, Row, text

from punctual.domain.alerts.events import EventKind
from punctual.domain.commands.addresses import parse_allowed
from punctual.domain.mail import parse_mail_server, parse_sender
from punctual.ops.mail_settings import MailConfig
from punctual.ops.sealing import OpeningKeys
from punctual.store.alerts.events import NewEvent
from punctual.store.driver.engine import make_engine
from punctual_worker.notifier.notifier import Crew
from punctual_worker.notifier.safe_connect import check_addresses
from punctual_worker.notifier.sender import Means, Sender
from tests.integration.alert_rows import PRIVATE_KEY, attempts, record_events
from tests.support.mail_server.server import MailServer, mail_server
from tests.support.rows import new_task, new_team
from tests.support.servers import as_service

LOOPBACK = "127.0.0.0/8"


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


class Bench:
    """A crew of a notifier with its own role, and a team to send for."""

    def __init__(self, engine: Engine, notifier: Engine, mail: MailConfig | None) -> None:
        self.engine, self.clock = engine, Clock()
        self.team = new_team(engine)
        means = Means(
            notifier,
            OpeningKeys(PRIVATE_KEY),
            mail,
            "https://cron.example.com",
            parse_allowed(LOOPBACK),
        )
        check_addresses(parse_allowed(LOOPBACK))
        self.stop = threading.Event()
        self.crew = Crew(notifier, Sender(means), self.stop, clock=self.clock)

    def message(self, channel: uuid.UUID | None, *, number: int = 1) -> uuid.UUID:
        """A message about failures of a number of tasks."""
        made = uuid.uuid4()
        events = record_events(
            self.engine,
            *(
                NewEvent(
                    EventKind.FAILED,
                    self.team,
                    new_task(self.engine, team_id=self.team, name="dump"),
                )
                for _ in range(number)
            ),
        )
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO alert_deliveries (id, channel_id, team_id, due_at)"
                    " VALUES (:id, :channel, :team, now())"
                ),
                {"id": made, "channel": channel, "team": self.team},
            )
            for event in events:
                connection.execute(
                    text("INSERT INTO alert_delivery_events VALUES (:id, :event, :channel)"),
                    {"id": made, "event": event, "channel": channel},
                )
        return made

    def row(self, delivery: uuid.UUID) -> Row[Any]:
        with self.engine.connect() as connection:
            found = connection.execute(
                text("SELECT * FROM alert_deliveries WHERE id = :id"), {"id": delivery}
            )
            return found.one()

    def attempts(self, delivery: uuid.UUID) -> list[Row[Any]]:
        with self.engine.connect() as connection:
            return attempts(connection, delivery)

    def make_due(self, delivery: uuid.UUID) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                text("UPDATE alert_deliveries SET due_at = now() WHERE id = :id"),
                {"id": delivery},
            )


@pytest.fixture
def notifier(database_url: str) -> Iterator[Engine]:
    """The database as a notifier's role sees it."""
    made = make_engine(as_service(database_url, "notifier"), service="notifier")
    yield made
    made.dispose()


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def bench(engine: Engine, notifier: Engine, smtp: MailServer) -> Iterator[Bench]:
    mail = MailConfig(
        parse_mail_server(f"smtp://127.0.0.1:{smtp.port}?starttls=never"),
        parse_sender("Punctual <cron@example.com>"),
        "cron.example.com",
    )
    made = Bench(engine, notifier, mail)
    yield made
    made.stop.set()
    made.crew.finish()
