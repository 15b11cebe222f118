"""Commands end while what they handed their output to still reads and writes, under load."""

import gzip
import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from punctual_worker.agent.runner_link.messages import EndedEvent
from tests.integration.worker.runner.harness import Stage
from tests.support.eventually import eventually

ENDS = 10_000
CONCURRENT = 24
BURN = "while True: pass"
BUSY = 3
"""Processes that want a processor all the time, so that each of the runs waits for its turn."""
LINES = b"".join(b"%d\n" % i for i in range(1, 41)) + b"last\n"
WRITE = "for i in {1..40}; do echo $i; done; echo last"

LOOP = f"exec > >(while read -r l; do echo $l; done); {WRITE}"
TEE = f"exec > >(tee LOG) 2>&1; {WRITE}"
COMPRESS = f"({WRITE}) | tee >(gzip -1 > F) | cat"
COMPRESS_APART = f"({WRITE}) | tee >(gzip -1 > F 2> /dev/null) | cat"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path / "work")
    yield stage
    stage.close()


@pytest.fixture
def busy() -> Iterator[None]:
    processes = [subprocess.Popen([sys.executable, "-I", "-c", BURN]) for _ in range(BUSY)]
    yield
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.alone
@pytest.mark.usefixtures("busy")
def test_ten_thousand_ends_with_process_substitutions_lose_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    scripts = itertools.cycle((LOOP, TEE, COMPRESS, COMPRESS_APART))
    runs: dict[str, Path] = {}
    verdicts: Counter[str] = Counter()
    seen = 0
    while verdicts.total() < ENDS:
        while len(runs) < ENDS and len(runs) - verdicts.total() < CONCURRENT:
            folder = tmp_path / f"{len(runs)}"
            folder.mkdir()
            argv = ("/bin/bash", "-c", next(scripts))
            runs[stage.start(argv=argv, cwd=str(folder))] = folder
        eventually(lambda: len(stage.reports) > seen, every=0.001)  # noqa: B023 - used at once
        new = stage.reports[seen:]
        seen += len(new)
        verdicts.update(_judge(r, runs[r.key]) for r in new if isinstance(r, EndedEvent))
    assert verdicts == {"whole": ENDS}


def _judge(ended: EndedEvent, folder: Path) -> str:
    if (ended.exit_code, ended.left_behind) != (0, 0):
        return f"exit code {ended.exit_code}, {ended.left_behind} left behind"
    if ended.output != LINES:
        return f"{len(ended.output)} bytes of output"
    for path in folder.iterdir():
        data = path.read_bytes()
        if path.name == "F" and not data.endswith(LINES):
            try:
                data = gzip.decompress(data)
            except EOFError:
                return "a truncated gzip"
        if data != LINES:
            return f"{len(data)} bytes in {path.name}"
        path.unlink()
    folder.rmdir()
    return "whole"
