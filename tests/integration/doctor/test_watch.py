"""The doctor shows what the watch of the installation would report."""

from sqlalchemy import Engine

from tests.integration.api.conftest import run_sql
from tests.integration.doctor.conftest import Doctor


def test_coordinators_that_stand_still_and_a_full_database_are_shown(
    doctor: Doctor, engine: Engine
) -> None:
    run_sql(engine, "INSERT INTO last_pass (at) VALUES (now() - interval '1 hour')")
    _, document = doctor(DATABASE_MAX_BYTES="1000000")
    found = [one["detail"] for one in document["findings"] if one["check"] == "watch"]
    assert [each.split(" ")[:3] for each in found] == [
        ["no", "coordinator", "has"],
        ["the", "database", "has"],
    ]
    run_sql(engine, "DELETE FROM last_pass")
    _, document = doctor()
    assert [one["level"] for one in document["findings"] if one["check"] == "watch"] == ["ok"]
