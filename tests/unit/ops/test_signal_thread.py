"""A signal is acted on whatever the main thread does at that moment."""

import subprocess
import sys

import pytest

IN_THE_LOCK = """
import os, signal, threading
from punctual.ops.signal_thread import SignalThread
stop = threading.Event()
thread = SignalThread((signal.SIGTERM, signal.SIGINT), stop.set)
{begin}
with stop._cond:  # as in the midst of stop.wait() or stop.set()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), number)
{end}
print(stop.wait(30))
"""


@pytest.mark.parametrize("parts", [("thread.start()", ""), ("", "thread.start()")])
def test_a_signal_that_meets_the_lock_of_its_event_is_not_lost(parts: tuple[str, str]) -> None:
    begin, end = parts
    program = IN_THE_LOCK.format(begin=begin, end=end)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, timeout=60)
    assert (done.stdout, done.stderr) == (b"True\n", b"")
