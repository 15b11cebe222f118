"""Every fault of the suite, each with its end, for a random mix of them."""

import contextlib
import os
import random
import shutil
import signal
from collections.abc import Callable

import psycopg2
from sqlalchemy import make_url

from punctual_devstack.servers.valkey import Valkey
from tests.faults.injection.links import REFUSE, STALL, SWALLOW, Mode
from tests.faults.injection.messages import every_pair_that_ever_was
from tests.faults.injection.proxy import Proxy
from tests.faults.injection.statement_faults import DISPATCH, FINISH, START, Kind
from tests.faults.system.cluster import Cluster
from tests.faults.system.service import Service
from tests.support.eventually import eventually

Fault = Callable[[Cluster, random.Random], None]

MODES = (STALL, REFUSE, SWALLOW, Mode(delay=0.2), Mode(cut_after=2_000))


def any_service_is_killed(cluster: Cluster, chance: random.Random) -> None:
    """SIGKILL, to any process of ours."""
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        _any(cluster, chance).kill()


def any_service_gets_a_stop_signal(cluster: Cluster, chance: random.Random) -> None:
    """SIGTERM, to any process of ours."""
    with contextlib.suppress(ProcessLookupError):
        _any(cluster, chance).terminate()


def a_runner_is_killed(cluster: Cluster, chance: random.Random) -> None:
    """SIGKILL, to a worker's runner alone."""
    worker = chance.choice(cluster.of_kind("worker"))
    with contextlib.suppress(LookupError, OSError):  # this worker is just being replaced
        os.kill(worker.runner_pid, signal.SIGKILL)


def any_service_freezes(cluster: Cluster, chance: random.Random) -> None:
    """SIGSTOP, for less than its lease or for longer."""
    service = _any(cluster, chance)
    pid = service.pid
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        cluster.lasts(chance.uniform(1, 10))
        os.kill(pid, signal.SIGCONT)


def a_wire_goes_bad(cluster: Cluster, chance: random.Random) -> None:
    """Any wire: nothing passes, replies are lost, it is slow, or cut in the middle."""
    wire = _wire(cluster, chance)
    wire.set(chance.choice(MODES))
    cluster.lasts(chance.uniform(1, 10))
    wire.set(Mode())


def a_commit_is_not_answered(cluster: Cluster, chance: random.Random) -> None:
    """START, FINISH or dispatch is committed, and its sender gets no answer."""
    marker = chance.choice((START, FINISH, DISPATCH))
    kind = "coordinator" if marker == DISPATCH else "worker"
    wire = chance.choice(cluster.of_kind(kind)).database
    trap = wire.arm(Kind.SWALLOW_COMMIT, marker, cut=chance.random() < 0.5)
    trap.sprung.wait(5)
    cluster.lasts(chance.uniform(0, 3))
    wire.release()


def the_queue_is_flushed(cluster: Cluster, chance: random.Random) -> None:
    """FLUSHALL."""
    with cluster.queue() as client:
        client.flushall()


def the_queue_is_killed(cluster: Cluster, chance: random.Random) -> None:
    """Valkey is away for some seconds, and comes back with or without what it held."""
    valkey = cluster.servers.valkey
    valkey.kill()
    cluster.lasts(chance.uniform(0, 6))
    if chance.random() < 0.5:
        assert isinstance(valkey.kind, Valkey)
        shutil.rmtree(valkey.kind.folder / "appendonlydir", ignore_errors=True)
    valkey.start()


def old_messages_come_again(cluster: Cluster, chance: random.Random) -> None:
    """Messages of any age, doubled and shuffled."""
    pairs = every_pair_that_ever_was(cluster)
    cluster.publish(chance.sample(pairs, min(len(pairs), 300)))


def the_database_is_killed(cluster: Cluster, chance: random.Random) -> None:
    """PostgreSQL is away for a moment, or for longer than a lease."""
    cluster.servers.postgres.kill()
    cluster.lasts(chance.choice((0, 0, 3, 9)))
    cluster.servers.postgres.start()


def a_table_is_locked(cluster: Cluster, chance: random.Random) -> None:
    """An operator's schema change, or a careless session."""
    url = make_url(cluster.database_url).set(drivername="postgresql")
    connection = psycopg2.connect(url.render_as_string(hide_password=False))
    try:
        with connection.cursor() as cursor:
            table = chance.choice(("runs", "workers", "tasks"))
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        cluster.lasts(chance.uniform(1, 8))
        connection.rollback()
    finally:
        connection.close()


FAULTS: tuple[Fault, ...] = (
    any_service_is_killed,
    any_service_is_killed,
    any_service_gets_a_stop_signal,
    a_runner_is_killed,
    any_service_freezes,
    a_wire_goes_bad,
    a_wire_goes_bad,
    a_commit_is_not_answered,
    the_queue_is_flushed,
    the_queue_is_killed,
    old_messages_come_again,
    the_database_is_killed,
    a_table_is_locked,
)


def _any(cluster: Cluster, chance: random.Random) -> Service:
    service = chance.choice(sorted(cluster.services.values(), key=lambda service: service.name))
    eventually(lambda: service.alive, within=10)
    return service


def _wire(cluster: Cluster, chance: random.Random) -> Proxy:
    service = _any(cluster, chance)
    return service.redis if chance.random() < 0.3 else service.database
