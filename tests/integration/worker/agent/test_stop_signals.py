"""Signals that come twice, or to a whole group, stop a worker once and in good order."""

import os
import signal
import threading

import pytest
from sqlalchemy import Engine

from punctual_worker.agent.stop_signals import REPEAT_SECONDS
from tests.integration.worker.conftest import StartWorker
from tests.support.eventually import eventually
from tests.support.rows import dispatch_all, new_run, new_task, run_row


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_two_signals_to_the_group_are_one_order_to_drain(
    engine: Engine, start_worker: StartWorker, number: signal.Signals
) -> None:
    worker = start_worker(heartbeat_seconds=0.5)
    run_id = new_run(engine, new_task(engine, command="sleep 3; echo done"))
    dispatch_all(engine)
    eventually(lambda: run_row(engine, run_id).state == "running")
    os.killpg(worker.process.pid, number)
    eventually(lambda: "worker drain started" in worker.log.read_text())
    os.killpg(worker.process.pid, number)
    worker.signal(signal.SIGTERM)
    assert worker.end() == 0
    assert run_row(engine, run_id).state == "succeeded"


def test_a_later_signal_ends_the_drain(engine: Engine, start_worker: StartWorker) -> None:
    worker = start_worker(heartbeat_seconds=0.5, drain_seconds=600)
    run_id = new_run(engine, new_task(engine, command="sleep 100", max_retries=0))
    dispatch_all(engine)
    eventually(lambda: run_row(engine, run_id).state == "running")
    worker.signal(signal.SIGTERM)
    eventually(lambda: "worker drain started" in worker.log.read_text())
    threading.Event().wait(REPEAT_SECONDS + 0.5)  # what a person waits before losing patience
    assert run_row(engine, run_id).state == "running"
    worker.signal(signal.SIGTERM)
    assert worker.end() == 0
    assert run_row(engine, run_id).state == "lost"
