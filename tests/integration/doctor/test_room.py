"""Whether the database, the queue and the disks take more."""

from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, make_url, text

from punctual.doctor.room import disk_findings
from tests.integration.doctor.conftest import Doctor, bad


def test_a_database_that_takes_no_writes_is_an_error(
    at_work: Engine, doctor: Doctor, database_url: str
) -> None:
    name = make_url(database_url).database
    with at_work.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    try:
        code, document = doctor()
    finally:
        with at_work.begin() as connection:
            connection.execute(text("SET transaction_read_only = off"))
            connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
    assert code == 1
    assert "read-only" in bad(document, "error")["database writes"]


@pytest.mark.usefixtures("at_work")
def test_a_queue_that_takes_no_writes_is_an_error(doctor: Doctor, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.acl_setuser("reader", enabled=True, nopass=True, categories=["+@all", "-@write"])
        try:
            reader = redis_url.replace("redis://:", "redis://reader:")
            code, document = doctor(REDIS_URL=reader)
        finally:
            client.acl_deluser("reader")
    assert code == 1
    assert "refused" in bad(document, "error")["queue writes"]


def test_each_disk_is_reported_once_and_a_full_one_is_an_error(tmp_path: Path) -> None:
    [finding] = disk_findings([tmp_path, tmp_path / "not there", tmp_path])
    assert "GiB free" in finding.detail
    [full] = disk_findings([Path("/proc")])  # it has no room at all
    assert (full.check, full.level) == ("disk", "error")
