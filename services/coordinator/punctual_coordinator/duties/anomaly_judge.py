"""Anomaly judge: compare runs that succeeded with what is normal for their task."""

import threading
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, Engine

from punctual.store.anomalies.judgement import Judged, judge_runs
from punctual_coordinator.duties.drain import drain

log = structlog.get_logger()

BATCHES = 50
MOST_LEARNED = 20
PAUSE_SECONDS = 0.05
"""Between two steps: others come first, however many runs have ended."""


@dataclass(frozen=True, slots=True)
class JudgeResult:
    """How many runs were judged, and how many anomalies they were."""

    runs: int
    anomalies: int


class AnomalyJudge:
    """Judges step by step what ended since, off the path of the runs themselves."""

    def __init__(self, engine: Engine, stop: threading.Event, *, batches: int = BATCHES) -> None:
        self._engine = engine
        self._stop = stop
        self._batches = batches

    def run_once(self) -> JudgeResult:
        """Judge every run that waits for it, until `stop`."""
        runs = anomalies = 0
        for judged in drain(self._engine.begin, self._judge, more=self._has_more):
            runs += judged.runs
            anomalies += judged.anomalies
        if anomalies:
            log.info("anomalies found", runs=runs, anomalies=anomalies)
        return JudgeResult(runs, anomalies)

    def _judge(self, connection: Connection) -> Judged:
        return judge_runs(connection, batch_size=self._batches, most_learned=MOST_LEARNED)

    def _has_more(self, judged: Judged) -> bool:
        return judged.batches >= self._batches and not self._stop.wait(PAUSE_SECONDS)
