"""A coordinator's probes on a database that does not answer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, event

from punctual.ops.progress import Progress
from punctual_coordinator.liveness import health
from punctual_coordinator.liveness.health import CoordinatorHealth
from punctual_coordinator.liveness.watchdog import Watchdog
from tests.support.eventually import eventually


def test_one_probe_waits_for_a_frozen_database_and_the_others_do_not(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.01)
    called, thawed = threading.Semaphore(0), threading.Event()

    def freeze(*_: object) -> None:
        called.release()
        thawed.wait(20)

    event.listen(engine, "before_cursor_execute", freeze)
    progress = Progress()
    pulse = Watchdog(progress, cycle_seconds=30)
    pulse.beat()
    probes = CoordinatorHealth(engine, pulse, progress)
    try:
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(probes.trouble)
            assert called.acquire(timeout=10)
            for _ in range(5):
                assert probes.trouble() == ["database: does not answer in time"]
            assert not called.acquire(blocking=False)
            thawed.set()
            assert first.result(20) == []
        eventually(lambda: probes.trouble() == [])
    finally:
        thawed.set()
        event.remove(engine, "before_cursor_execute", freeze)
