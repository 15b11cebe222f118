"""The users of Redis that the compose file gives its services, tried on a real server."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from punctual.doctor.queue import queue_findings
from punctual.domain.runs.queue import DEFAULT_QUEUE
from punctual.messaging.broker import Broker
from punctual.messaging.hints import redis_queue
from punctual.store.schema.models.model import new_id
from punctual_api.accounts.failed_logins import FailedLogins
from tests.integration.api.conftest import settings_for

SCRIPT = Path(__file__).parents[3] / "deploy" / "compose" / "secrets.sh"
As = Callable[[str], str]


@pytest.fixture
def as_user(redis_url: str, namespace: str) -> Iterator[As]:
    """The URL under which a service logs in; its user is made as the script says."""
    found = re.search(r"^redis_users\(\) \{\n.*?^\}\n", SCRIPT.read_text(), re.M | re.S)
    assert found
    program = f'secret() {{ echo "pw-$1"; }}\n{found[0]}\nredis_users "$1"'
    done = subprocess.run(
        ["sh", "-euc", program, "sh", namespace], capture_output=True, text=True, check=True
    )
    with redis.Redis.from_url(redis_url) as admin:
        made = []
        for line in done.stdout.splitlines():
            _, name, *rules = line.split()
            made.append(f"{namespace}-{name}")
            admin.execute_command("ACL", "SETUSER", made[-1], *rules)
        assert len(made) == 5

        def url(service: str) -> str:
            login = f"{namespace}-{service}:pw-redis-{service}-password@"
            if service == "default":
                login = f"{namespace}-default:pw-redis-password@"
            return re.sub(r"//.*@", f"//{login}", redis_url)

        yield url
        admin.execute_command("ACL", "DELUSER", *made)


def test_each_service_can_do_its_work(as_user: As, database_url: str, namespace: str) -> None:
    coordinator = Broker(as_user("coordinator"), namespace=namespace)
    worker = Broker(as_user("worker"), namespace=namespace)
    queue = redis_queue(DEFAULT_QUEUE)
    worker.declare_queue(queue)
    with worker.client.pubsub() as subscription:
        subscription.subscribe(worker.wake_channel)
        assert subscription.get_message(timeout=5)
        assert coordinator.publish([(new_id(), 1), (new_id(), 1)]) == 2
        assert subscription.get_message(timeout=5)
    consumer = worker.consume(queue, prefetch=2, timeout=10)
    message = next(consumer)
    assert message is not None
    consumer.ack(message)
    consumer.close()
    for broker in (coordinator, worker):
        broker.ping()
        broker.do_qsize(queue)
        broker.close()
    api = FailedLogins(settings_for(database_url, as_user("api"), namespace))
    for _ in range(10):
        assert api.seconds_to_wait("anna", "192.0.2.1") is None
        api.count_failure("anna", "192.0.2.1")
    api.note_success("anna", "192.0.2.2")
    assert api.seconds_to_wait("anna", "192.0.2.1")
    other = FailedLogins(settings_for(database_url, as_user("api"), namespace))
    assert other.seconds_to_wait("anna", "192.0.2.1"), "it counted in memory"
    for service in ("api", "coordinator", "worker"):
        levels = {finding.level for finding in queue_findings(as_user(service), namespace)}
        assert "error" not in levels


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ("api", "LPUSH {ns}:default x"),
        ("api", "GET {ns}"),
        ("api", "PUBLISH {ns}:pushed x"),
        ("api", "FLUSHALL"),
        ("coordinator", "GET {ns}-logins:x"),
        ("coordinator", "SUBSCRIBE {ns}:pushed"),
        ("worker", "DEL {ns}-logins:x"),
        ("worker", "PUBLISH other x"),
        ("worker", "FLUSHDB"),
        ("worker", "CONFIG GET requirepass"),
        ("worker", "ACL LIST"),
        ("worker", "SCRIPT FLUSH"),
        ("worker", "SHUTDOWN"),
        ("worker", "MONITOR"),
        ("notifier", "FLUSHALL"),
        ("notifier", "PUBLISH other x"),
        ("notifier", "GET {ns}-logins:x"),
    ],
)
def test_what_is_not_its_work_is_refused(
    as_user: As, namespace: str, service: str, command: str
) -> None:
    with redis.Redis.from_url(as_user(service)) as client:
        client.ping()
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.execute_command(*command.format(ns=namespace).split())
