"""Register a worker in the database: its name, its queues, its abilities."""

import os
import socket
import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta
from importlib.metadata import version

from sqlalchemy import Engine

from punctual import DISTRIBUTION
from punctual.domain.runs.queue import parse_queues
from punctual.ops.config import Settings
from punctual.store.processes.workers import register
from punctual_worker.agent.launch.interpreters import Interpreters


def register_worker(
    engine: Engine,
    settings: Settings,
    isolation: Collection[str],
    interpreters: Interpreters,
    secret_keys: Sequence[str],
) -> uuid.UUID:
    """Register one life of a worker and return its id; `isolation` names what is in force.

    `secret_keys` are the ids of the keys by which it opens secrets.
    """
    with engine.begin() as connection:
        return register(
            connection,
            name=settings.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            slots=settings.slots,
            queues=parse_queues(settings.queues),
            version=version(DISTRIBUTION),
            isolation=isolation,
            lease=timedelta(seconds=settings.lease_seconds),
            interpreters=interpreters.usable,
            secret_keys=secret_keys,
        )
