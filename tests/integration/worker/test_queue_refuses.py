"""A queue that refuses writes, as on a full disk, ends no thread and keeps no run from starting."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from punctual.messaging.broker import Broker
from tests.integration.worker.conftest import StartWorker
from tests.support.eventually import eventually
from tests.support.rows import dispatch_all, new_run, new_task, run_row


@pytest.fixture
def refused(redis_url: str, namespace: str) -> Iterator[tuple[Any, str]]:
    """A client that decides whether a user may write, and that user's URL."""
    with redis.Redis.from_url(redis_url) as client:
        client.acl_setuser(namespace, enabled=True, nopass=True, keys="*", channels="*")
        allow(client, namespace)
        yield client, redis_url.replace("redis://:", f"redis://{namespace}:")
        client.acl_deluser(namespace)


def allow(client: Any, user: str) -> None:
    client.acl_setuser(
        user, enabled=True, nopass=True, keys="*", channels="*", categories=["+@all"]
    )


def refuse(client: Any, user: str) -> None:
    client.acl_setuser(user, enabled=True, nopass=True, categories=["-@write", "-@scripting"])


def test_runs_start_while_the_queue_refuses_and_messages_are_taken_again_after(
    engine: Engine,
    start_worker: StartWorker,
    refused: tuple[Any, str],
    redis_url: str,
    namespace: str,
) -> None:
    client, url = refused
    worker = start_worker(redis_url=url, heartbeat_seconds=1)
    refuse(client, namespace)
    eventually(lambda: '"queue connection lost"' in worker.log.read_text(), within=30)
    pulled = new_run(engine, new_task(engine))
    dispatch_all(engine)
    eventually(lambda: run_row(engine, pulled).state == "succeeded", within=30)
    allow(client, namespace)
    broker = Broker(redis_url, namespace=namespace)
    run = new_run(engine, new_task(engine))
    broker.publish([(each.run_id, each.fence) for each in dispatch_all(engine)])
    eventually(lambda: run_row(engine, run).state == "succeeded", within=30)
    # Its consumer is at work again: what is published goes away.
    eventually(lambda: client.llen(f"{namespace}:runs") == 0, within=30)
    eventually(lambda: '"queue connection restored"' in worker.log.read_text(), within=30)
    assert worker.process.poll() is None
    output = worker.log.read_text()
    assert (
        output.count('"queue connection lost"'),
        output.count('"queue connection restored"'),
    ) == (
        1,
        1,
    )
    assert '"critical"' not in output
