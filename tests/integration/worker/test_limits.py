"""A worker holds attempts to their limits, and says which of them was passed."""

from sqlalchemy import Engine

from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended
from tests.support.rows import dispatch_all, new_run, new_task

MANY = "for i in 1 2 3 4 5 6 7 8 9; do sleep 600 & done; wait"


def test_a_task_has_its_own_limits_or_else_the_workers(
    engine: Engine, start_worker: StartWorker
) -> None:
    start_worker(heartbeat_seconds=0.5, limit_processes=5, limit_file_bytes=512)
    many = new_run(engine, new_task(engine, command=MANY, max_retries=0))
    less = {"file_bytes": 100}
    large = "head -c 1000 /dev/zero > x; exit $?"
    own = new_run(engine, new_task(engine, command=large, max_retries=0, limits=less))
    more = {"processes": 50, "file_bytes": 2000}
    fine = f"{MANY.replace('wait', 'sleep 1')}; {large}"
    within = new_run(engine, new_task(engine, command=fine, max_retries=0, limits=more))
    dispatch_all(engine)
    run = ended(engine, many)
    assert (run.state, run.reason) == ("failed", "ended: process limit of 5 exceeded")
    run = ended(engine, own)
    assert run.state == "failed"
    assert run.reason == "exit code 153: file size limit of 100 bytes exceeded"
    assert ended(engine, within).state == "succeeded"


def test_what_was_saved_before_is_cut_to_an_operators_maximum(
    engine: Engine, start_worker: StartWorker
) -> None:
    start_worker(heartbeat_seconds=0.5, limit_processes=0, max_processes=5, max_timeout_seconds=0.5)
    much = {"processes": 500}
    own = new_run(engine, new_task(engine, command=MANY, max_retries=0, limits=much))
    none = new_run(engine, new_task(engine, command=MANY, max_retries=0))
    long = new_run(engine, new_task(engine, command="sleep 600", max_retries=0, timeout=3600))
    dispatch_all(engine)
    for run_id in (own, none):
        assert ended(engine, run_id).reason == "ended: process limit of 5 exceeded"
    run = ended(engine, long)
    assert (run.state, run.reason) == ("timed_out", "timed out after 0.5 s")


def test_files_on_disk_count_by_the_task_the_setting_and_the_maximum(
    engine: Engine, start_worker: StartWorker
) -> None:
    start_worker(heartbeat_seconds=0.5, limit_disk_bytes=30_000_000, max_disk_bytes=40_000_000)
    much = "head -c 50M /dev/zero > file; sleep 600"
    reasons = {}
    for own in (None, {"disk_bytes": 20_000_000}, {"disk_bytes": 2**60}):
        run_id = new_run(engine, new_task(engine, command=much, max_retries=0, limits=own))
        reasons[run_id] = (own or {}).get("disk_bytes", 30_000_000)
    dispatch_all(engine)
    for run_id, most in reasons.items():
        allowed = min(most, 40_000_000)
        assert ended(engine, run_id).reason == f"ended: disk limit of {allowed} bytes exceeded"
