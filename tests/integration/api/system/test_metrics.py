"""/metrics: what only the database knows, the same from each API."""

import re
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import Engine

from punctual_api.app import create_app
from punctual_devstack.ports import free_port
from tests.integration.api.conftest import settings_for
from tests.support.rows import database_now, dispatch_all, new_run, new_task
from tests.support.steps import change_run, claim_run, finish_run, new_worker, start_run


def figures(client: FlaskClient) -> dict[str, float]:
    """Every sample that has no label, or a state."""
    text = client.get("/metrics").get_data(as_text=True)
    found = re.findall(r'^(punctual_\w+(?:\{state="\w+"\})?) (\S+)$', text, re.M)
    return {name: float(value) for name, value in found}


def test_metrics_tell_how_the_whole_product_stands(client: FlaskClient, engine: Engine) -> None:
    worker = new_worker(engine)
    finish_run(
        engine, start_run(engine, new_run(engine, new_task(engine)), worker), worker, "failed"
    )
    late = new_run(engine, new_task(engine))
    dispatch_all(engine)
    change_run(engine, late, due_at=database_now(engine) - timedelta(seconds=100))
    new_run(engine, new_task(engine), due_in=20)
    found = figures(client)
    assert found["punctual_workers"] == 1
    assert found["punctual_coordinators"] == 0
    assert found['punctual_unfinished_runs{state="queued"}'] == 1
    assert found['punctual_unfinished_runs{state="scheduled"}'] == 1
    assert found['punctual_unfinished_runs{state="running"}'] == 0
    assert 100 <= found["punctual_oldest_queued_seconds"] < 200
    assert found["punctual_starts_30_days"] == 1
    assert 100 <= found['punctual_overdue_seconds{state="queued"}'] < 200
    assert found['punctual_overdue_seconds{state="scheduled"}'] == 0
    assert found["punctual_plan_errors"] == 0
    assert found["punctual_oldest_unplanned_seconds"] == 0
    assert found["punctual_on_time_ratio_30_days"] == found["punctual_on_time_starts_30_days"]


def test_metrics_tell_what_is_stuck_in_any_state(client: FlaskClient, engine: Engine) -> None:
    long_ago = database_now(engine) - timedelta(seconds=100)
    worker = new_worker(engine)
    claimed, unconfirmed = (new_run(engine, new_task(engine)) for _ in range(2))
    claim_run(engine, claimed, worker)
    start_run(engine, unconfirmed, worker)
    for run in (claimed, unconfirmed):
        change_run(engine, run, due_at=long_ago)
    new_task(engine, schedule={"every": 60}, next_due_at=long_ago)
    new_task(engine, plan_error="ValueError: no")
    found = figures(client)
    for state in ("claimed", "running"):
        assert 100 <= found[f'punctual_overdue_seconds{{state="{state}"}}'] < 200
    assert 100 <= found["punctual_oldest_unplanned_seconds"] < 200
    assert found["punctual_plan_errors"] == 1


def test_without_a_database_metrics_leave_out_what_only_it_knows(
    redis_url: str, namespace: str
) -> None:
    nowhere = f"postgresql://x@127.0.0.1:{free_port()}/x"
    app = create_app(settings_for(nowhere, redis_url, namespace))
    found = figures(app.test_client())
    assert "punctual_workers" not in found
    assert "punctual_on_time_ratio_30_days" not in found
    assert found["punctual_database_errors_total"] >= 1
