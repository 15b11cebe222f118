"""The API watches the installation, and says in its log what it finds."""

from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from punctual.ops.config import Settings
from punctual_api.system.watch import InstallationWatch
from tests.integration.api.conftest import run_sql
from tests.integration.api.served import serving
from tests.support.eventually import eventually
from tests.support.servers import as_service


def test_a_look_records_and_logs_a_trouble_and_its_end(app: Flask, engine: Engine) -> None:
    settings: Settings = app.extensions["punctual"]
    watch = InstallationWatch(app, settings)
    run_sql(engine, "INSERT INTO last_pass (at) VALUES (now() - interval '1 hour')")
    with capture_logs() as lines:
        watch.look()
        watch.look()
        run_sql(engine, "UPDATE last_pass SET at = now()")
        watch.look()
    events = [(one["event"], one["kind"]) for one in lines]
    assert events == [
        ("trouble noticed", "coordinators_stopped"),
        ("trouble over", "coordinators_stopped"),
    ]
    with engine.connect() as connection:
        kinds = connection.execute(text("SELECT kind FROM alert_events")).scalars().all()
    assert kinds == ["coordinators_stopped"] * 2


def test_a_database_that_does_not_answer_ends_no_look(app: Flask, engine: Engine) -> None:
    run_sql(engine, "ALTER TABLE last_pass RENAME TO last_pass_away")
    try:
        InstallationWatch(app, app.extensions["punctual"]).look()
    finally:
        run_sql(engine, "ALTER TABLE last_pass_away RENAME TO last_pass")


def test_an_api_watches_from_its_start(
    database_url: str, redis_url: str, namespace: str, engine: Engine, tmp_path: Path
) -> None:
    servers = {"database_url": as_service(database_url, "api"), "redis_url": redis_url}
    kinds = text("SELECT kind FROM alert_events")

    def noticed() -> bool:
        with engine.connect() as connection:
            return connection.execute(kinds).scalars().all() == ["database_full"]

    with serving(tmp_path, **servers, namespace=namespace, database_max_bytes="1000000"):
        eventually(noticed, within=40)
