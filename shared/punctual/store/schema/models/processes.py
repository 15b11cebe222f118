"""The processes that share the work, known by their heartbeats."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class Worker(Model):
    """One life of a worker's agent; a worker that was buried comes back under a new id.

    `room` is how many more runs it would take when it last beat, `queues` whose runs it takes.
    `isolation` is how its commands are isolated, by the names of docs/operate/isolation.md;
    `interpreters` are what may run scripts there; `secret_keys` are the ids of the keys by which it
    opens secrets, the present one first. Its queues have been served without a break
    since `up_since`, by itself or by those before it. Since `beats_since` no two of its own
    heartbeats were more than half a lease apart.
    """

    __tablename__ = "workers"
    __table_args__ = (CheckConstraint("state IN ('active', 'draining', 'gone')", name="state"),)

    id: Mapped[Id]
    name: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int]
    slots: Mapped[int]
    room: Mapped[int]
    queues: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{default}'"))
    state: Mapped[str] = mapped_column(index=True)
    started_at: Mapped[Created]
    heartbeat_at: Mapped[Created]
    up_since: Mapped[Created]
    beats_since: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]
    version: Mapped[str | None]
    isolation: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    interpreters: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    secret_keys: Mapped[list[str] | None] = mapped_column(ARRAY(Text))


class Coordinator(Model):
    """One life of a coordinator, and when it last finished a whole cycle."""

    __tablename__ = "coordinators"

    id: Mapped[Id]
    name: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[Created]
    heartbeat_at: Mapped[Created] = mapped_column(index=True)
    cycle_at: Mapped[datetime | None]
    version: Mapped[str | None]
