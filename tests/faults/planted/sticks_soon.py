"""The same, in a worker that notices within seconds."""

import importlib

from punctual.ops.progress import Progress
from punctual_worker.agent.liveness import heartbeat, threads

importlib.import_module("tests.faults.planted.sticks")

SECONDS = 3.0
END_SECONDS = 12.0

defaults = Progress.loop.__kwdefaults__
assert defaults is not None
defaults["within_seconds"] = SECONDS
heartbeat.STUCK_SECONDS = SECONDS  # type: ignore[attr-defined]
threads.END_SECONDS = END_SECONDS
