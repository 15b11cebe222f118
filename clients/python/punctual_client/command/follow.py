"""Output as it is written, and the end of a run."""

import threading
from collections.abc import Iterator

from punctual_client.client import Client
from punctual_client.command.shown import write_bytes
from punctual_client.documents import FINAL, Run

POLL_SECONDS = 0.5
OVERLAP_BYTES = 256
_never = threading.Event()


def wait(seconds: float) -> None:
    """Wait, unless Ctrl-C comes."""
    _never.wait(seconds)


def until_final(client: Client, run_id: str) -> Run:
    """Return a run once it has ended."""
    while True:
        run = client.run(run_id)
        if run["state"] in FINAL:
            return run
        wait(POLL_SECONDS)


def follow(client: Client, run_id: str, *, stream: str | None = None) -> Run:
    """Write the output of all attempts as it comes; return the run when it has ended."""
    attempt, written = 1, b""
    while True:
        run = client.run(run_id)  # before its output: what an ended run has written is all there
        while attempt <= run["attempt"]:
            output = client.output(run_id, attempt=attempt, stream=stream)
            write_bytes(what_is_new(written, output))
            written = output
            if attempt == run["attempt"]:
                break
            attempt, written = attempt + 1, b""
        if run["state"] in FINAL:
            return run
        wait(POLL_SECONDS)


def what_is_new(written: bytes, output: bytes) -> bytes:
    """Return what to write of an output, of which `written` was all before.

    Of a long one the middle is left out, so that it does not just grow at its end.
    """
    if output.startswith(written):
        return output[len(written) :]
    last = written[-OVERLAP_BYTES:]
    at = output.rfind(last)
    if at >= 0:
        return output[at + len(last) :]
    same = next(_different(written, output), min(len(written), len(output)))
    return b"\n" + output[same:]


def _different(one: bytes, other: bytes) -> Iterator[int]:
    return (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
