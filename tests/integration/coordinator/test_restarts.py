"""Coordinators that are restarted: what they know of the time before their own start."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, text

from tests.support.age import age
from tests.support.coordinator import RARE_TICKS, Program, coordinator
from tests.support.eventually import eventually
from tests.support.rows import new_run, new_task, run_row
from tests.support.servers import as_service
from tests.support.steps import new_worker, start_run


def seen_at(engine: Engine) -> object:
    with engine.connect() as connection:
        return connection.execute(text("SELECT seen_at FROM uptime")).scalar_one_or_none()


def has_swept(engine: Engine, program: Program, before: object) -> bool:
    """Whether this coordinator has recorded the database's uptime, and done a whole cycle."""
    with engine.connect() as connection:
        query = text("SELECT count(*) FROM coordinators WHERE cycle_at IS NOT NULL AND pid = :pid")
        cycled = connection.execute(query, {"pid": program.process.pid}).scalar_one()
    return bool(cycled) and seen_at(engine) != before


def test_a_dead_workers_run_comes_back_though_no_coordinator_lives_for_a_lease(
    engine: Engine, database_url: str, redis_url: str, namespace: str, tmp_path: Path
) -> None:
    url = as_service(database_url, "coordinator")
    settings = RARE_TICKS | {"DATABASE_URL": url, "REDIS_URL": redis_url, "NAMESPACE": namespace}
    settings |= {"SWEEP_SECONDS": "0.2"}
    dead = new_worker(engine)
    run = new_run(engine, new_task(engine, max_retries=1, retry_delay=3600))
    start_run(engine, run, dead)
    for _ in range(8):  # a new life every 8 s, by the database's clock
        before = seen_at(engine)
        with coordinator(tmp_path, **settings) as program:
            eventually(partial(has_swept, engine, program, before))
            program.process.kill()
            program.process.wait()
        if run_row(engine, run).state == "scheduled":
            break
        age(engine, timedelta(seconds=6))
    assert run_row(engine, run).state == "scheduled"
