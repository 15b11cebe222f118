"""What servers say of themselves, and what a role may see of it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import redis
from sqlalchemy import Engine, make_url, text

from punctual.store.schema.migrate import head
from punctual_devstack.ports import free_port
from tests.integration.doctor.conftest import Doctor, bad
from tests.support.servers import as_service


def set_revision(engine: Engine, revision: str | None) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        if revision:
            connection.execute(text("INSERT INTO alembic_version VALUES (:r)"), {"r": revision})


@contextmanager
def revision_set_to(engine: Engine, revision: str | None) -> Iterator[None]:
    """Has the database say that it is at this migration; None: at none."""
    set_revision(engine, revision)
    try:
        yield
    finally:
        set_revision(engine, head())


@pytest.mark.usefixtures("at_work")
def test_tables_of_another_release_are_reported(engine: Engine, doctor: Doctor) -> None:
    with revision_set_to(engine, None):
        code, document = doctor()
        assert code == 1
        assert "punctual.store.schema.migrate" in bad(document, "error")["tables"]
    with revision_set_to(engine, "0035"):
        code, document = doctor()
        assert code == 1
        assert "a development version before 0.1.0" in bad(document, "error")["tables"]
    with revision_set_to(engine, "9999_next"):
        code, document = doctor()
        assert code == 0
        assert "newer release" in bad(document, "warning")["tables"]


@pytest.mark.usefixtures("at_work")
def test_a_queue_that_may_drop_messages_is_reported(doctor: Doctor, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            _, document = doctor()
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert "allkeys-lru" in bad(document, "warning")["queue policy"]


@pytest.mark.usefixtures("at_work")
def test_services_that_share_a_powerful_role_are_reported(
    doctor: Doctor, engine: Engine, database_url: str
) -> None:
    url = make_url(database_url)
    assert url.username is not None
    with engine.connect() as connection:
        connection.execute(text("SET application_name = 'punctual-worker'"))
        connection.commit()
        _, document = doctor()
    assert f"worker as {url.username}" in bad(document, "warning")["isolation"]


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize(
    ("service", "closed"),
    [
        ("api", set()),
        ("coordinator", {"secrets"}),
        ("worker", {"coordinator", "queues", "releases", "runs", "secrets", "tasks", "watch"}),
    ],
)
def test_what_a_services_role_may_not_look_at_is_no_fault(
    doctor: Doctor, database_url: str, service: str, closed: set[str]
) -> None:
    code, document = doctor(DATABASE_URL=as_service(database_url, service))
    assert (code, bad(document, "error")) == (0, {})
    assert set(bad(document, "unseen")) == closed


def test_connections_of_other_roles_are_counted(
    engine: Engine, doctor: Doctor, database_url: str
) -> None:
    with ExitStack() as connections:
        for _ in range(8):
            connections.enter_context(engine.connect())
        _, document = doctor(DATABASE_URL=as_service(database_url, "worker"))
    used = next(f["detail"] for f in document["findings"] if f["check"] == "connections")
    assert int(used.split()[0]) > 8


@pytest.mark.usefixtures("at_work")
def test_each_absent_server_is_reported_and_the_other_still_examined(doctor: Doctor) -> None:
    absent = f"127.0.0.1:{free_port()}"
    code, document = doctor(REDIS_URL=f"redis://{absent}/0")
    assert (code, set(bad(document, "error"))) == (1, {"queue"})
    assert "worker" in bad(document, "ok")
    code, document = doctor(DATABASE_URL=f"postgresql://x@{absent}/x")
    assert (code, set(bad(document, "error"))) == (1, {"database"})
    assert "queue" in bad(document, "ok")
