"""The question by which KEDA scales workers, asked of a real database."""

from datetime import timedelta
from pathlib import Path

import yaml
from sqlalchemy import Engine, text

from tests.support.rows import database_now, dispatch_all, new_run, new_task

FILE = (
    Path(__file__).resolve().parents[3] / "deploy" / "kubernetes" / "keda" / "worker-scaling.yaml"
)


def test_runs_in_the_works_and_tasks_due_soon_are_counted(engine: Engine) -> None:
    scaled = next(yaml.safe_load_all(FILE.read_text()))
    query = scaled["spec"]["triggers"][0]["metadata"]["query"]

    def wanted() -> int:
        with engine.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())

    assert wanted() == 0
    now = database_now(engine)
    for minutes in (1, 10):
        at = now + timedelta(minutes=minutes)
        new_task(engine, schedule={"every": 3600}, next_due_at=at)
    new_task(engine, schedule={"every": 3600}, next_due_at=now, enabled=False)
    assert wanted() == 1
    new_run(engine, new_task(engine))
    new_run(engine, new_task(engine), due_in=600)
    assert wanted() == 2
    assert len(dispatch_all(engine)) == 1
    assert wanted() == 2
