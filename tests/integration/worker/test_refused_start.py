"""A worker that cannot work as it is set up says why, and takes nothing."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.integration.worker.conftest import WorkerProcess
from tests.support.rows import dispatch_all, new_run, new_task, run_row


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"PUNCTUAL_SLOTS": "many"}, "PUNCTUAL_SLOTS must be a number"),
        ({"PUNCTUAL_ON_LEASE_LOSS": "shrug"}, "PUNCTUAL_ON_LEASE_LOSS must be kill or keep"),
        ({"PUNCTUAL_COMMAND_USER": "0"}, "PUNCTUAL_COMMAND_USER must not be 0"),
        ({"PUNCTUAL_USER": "root"}, "PUNCTUAL_USER must not be root"),
        ({"PUNCTUAL_REDIS_URL": ""}, "PUNCTUAL_REDIS_URL is not set"),
        ({"PUNCTUAL_DATABASE_URL": "nowhere"}, "PUNCTUAL_DATABASE_URL is not the URL"),
        ({"PUNCTUAL_COMMAND_NETWORKS": "world"}, "PUNCTUAL_COMMAND_NETWORKS must be all, or"),
        (
            {"PUNCTUAL_COMMAND_NETWORKS": "internet"},
            "PUNCTUAL_COMMAND_NETWORKS takes PUNCTUAL_SLOT_USERS; PUNCTUAL_COMMAND_NETWORKS=all",
        ),
        ({"PUNCTUAL_SELF_FENCE_SECONDS": "40"}, "PUNCTUAL_SELF_FENCE_SECONDS must be"),
    ],
)
def test_a_worker_with_a_bad_setting_says_which_and_does_not_start(
    setting: dict[str, str], message: str, tmp_path: Path
) -> None:
    environ = {
        "PUNCTUAL_DATABASE_URL": "postgresql://127.0.0.1:1/none",
        "PUNCTUAL_REDIS_URL": "redis://127.0.0.1:1/0",
        **setting,
    }
    worker = WorkerProcess(environ, tmp_path / "worker.log")
    assert worker.end() == 2
    assert message in worker.log.read_text()


def test_a_worker_without_a_usable_work_directory_says_so_and_takes_nothing(
    engine: Engine, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    run_id = new_run(engine, new_task(engine))
    dispatch_all(engine)
    environ = {
        "PUNCTUAL_DATABASE_URL": database_url,
        "PUNCTUAL_REDIS_URL": redis_url,
        "PUNCTUAL_WORK_DIR": "/dev/null/work",
    }
    worker = WorkerProcess(environ, tmp_path / "worker.log")
    assert worker.end() in (1, 2)  # 2 where root would make it for the user of commands
    assert "/dev/null/work: Not a directory" in worker.log.read_text()
    assert (run_row(engine, run_id).state, run_row(engine, run_id).fence) == ("queued", 0)
