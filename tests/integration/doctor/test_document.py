"""What a visit prints, for people and for programs."""

import pytest
from sqlalchemy import make_url

from tests.integration.doctor.conftest import Doctor, bad, visit


@pytest.mark.usefixtures("at_work")
def test_a_product_at_work_is_healthy(doctor: Doctor) -> None:
    code, document = doctor()
    assert (code, document["healthy"], bad(document, "error")) == (0, True, {})
    looked_at = {each["check"] for each in document["findings"]}
    assert looked_at >= {
        "database",
        "clock",
        "tables",
        "coordinator",
        "worker",
        "runs",
        "planning",
        "database writes",
        "queue",
        "queue clock",
        "queue writes",
        "disk",
    }


def test_a_setting_that_is_missing_or_unusable_is_named(doctor: Doctor, redis_url: str) -> None:
    assert bad(doctor(SLOTS="many")[1], "error")["settings"].startswith("PUNCTUAL_SLOTS")
    output = bad(doctor(DATABASE_URL="nonsense")[1], "error")["settings"]
    assert output.startswith("PUNCTUAL_DATABASE_URL is not the URL of a PostgreSQL database")
    done = visit([], {"REDIS_URL": redis_url})
    assert done.returncode == 1
    assert "PUNCTUAL_DATABASE_URL is not set" in done.stdout


@pytest.mark.usefixtures("at_work")
def test_people_read_lines_with_every_secret_masked(database_url: str, redis_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SLOTS": "77"}
    for arguments in ([], ["--json"]):
        done = visit(arguments, settings)
        assert done.returncode == 0
        assert "********" in done.stdout
        for url in (database_url, redis_url):
            password = make_url(url).password
            assert password
            assert password not in done.stdout
    lines = visit([], settings).stdout.splitlines()
    assert "  PUNCTUAL_SLOTS=77" in lines
    assert lines[-1].startswith("Healthy: 0 error(s)")
