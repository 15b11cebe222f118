"""Lays a cluster: its database, its processes and its proxies, and clears all of it away."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import make_url

from punctual.store.driver.engine import make_engine
from punctual_devstack.ports import free_port
from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_devstack.servers.temporary import Servers
from tests.faults.injection.proxy import Wires
from tests.faults.system.cluster import Cluster
from tests.faults.system.journal import Journal
from tests.faults.system.observer import Watch
from tests.support.servers import TEMPLATE


@contextmanager
def started_cluster(
    servers: Servers,
    *,
    database: str,
    workers: int = 2,
    coordinators: int = 1,
    apis: int = 0,
    settings: Mapping[str, str] | None = None,
    plants: Mapping[str, str] | None = None,
    logs: Path | None = None,
) -> Iterator[Cluster]:
    """A product that is ready; everything of it has ended at the end.

    `plants`, by service: a module to be imported into it before the product is. `logs`: where its
    services log, if not into the cluster's own folder.
    """
    database_url = servers.create_database(database, template=TEMPLATE)
    redis_url = servers.redis_url()
    folder = reachable_temporary("punctual-chaos-")
    dsn = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    bind = f"127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        engine = make_engine(database_url, service="chaos")
        stack.callback(engine.dispose)
        made = Cluster(
            servers,
            database_url,
            redis_url,
            folder,
            engine,
            Journal(folder / "journal"),
            stack.enter_context(Watch(dsn)),
            stack.enter_context(Wires()),
            {"NAMESPACE": database, "BIND": bind, **(settings or {})},
            plants or {},
            logs,
        )
        stack.callback(_end_all, made)
        for _ in range(coordinators):
            made.add("coordinator")
        for _ in range(workers):
            made.add("worker")
        for _ in range(apis):
            made.add("api")
        made.ready()
        yield made


def _end_all(ended: Cluster) -> None:
    ended.calm()
    for service in ended.services.values():
        service.stop_now()
    for service in ended.services.values():
        service.end()
