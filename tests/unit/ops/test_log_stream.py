"""Writing a log line never raises and never hangs, whatever it says and wherever it goes."""

import json
import os
import select
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.eventually import eventually

WRITES = """
import logging, sys, threading, traceback
import structlog
from punctual.ops import logs, telemetry

logs.configure(service="worker", name="w-1")
log = structlog.get_logger()

class Unprintable:
    def __str__(self):
        raise RuntimeError("no text for this")

def writes():
    log.info("ours", path="/für/€")
    log.info("ours", odd=Unprintable())
    log.info("ours %s", Unprintable())
    logging.getLogger("dramatiq").error("theirs %s", 1)
    logging.getLogger("gunicorn.error").critical("theirs %d", "no number")
    print("a library's own words", file=sys.stderr)
    try:
        raise ValueError("x" * 100_000)
    except ValueError:
        log.exception("ours")
        traceback.print_exc()
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()

writes()
lost = telemetry.LOG_LINES_LOST._value.get()
sys.stdout.write(f"went on, lost {lost:.0f}")
"""


def write_to(stderr: int) -> str:
    """What a process that logs says on standard output at its end."""
    ended = subprocess.run(
        [sys.executable, "-c", WRITES],
        stdout=subprocess.PIPE,
        stderr=stderr,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 0
    return ended.stdout.decode()


def fill(pipe: int) -> None:
    """Leave no room in a pipe, which does not block afterwards."""
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x" * 4096)


def test_a_full_device_stops_nothing() -> None:
    with Path("/dev/full").open("wb") as full:
        output = write_to(full.fileno())
    assert output.startswith("went on, lost")
    assert not output.endswith(" 0")


def test_a_pipe_whose_reader_is_gone_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    output = write_to(writing)
    os.close(writing)
    assert output.startswith("went on, lost")
    assert not output.endswith(" 0")


@pytest.mark.parametrize("blocking", [True, False])
def test_a_pipe_that_is_full_and_not_read_stops_nothing(blocking: bool) -> None:
    reading, writing = os.pipe()
    fill(writing)
    os.set_blocking(writing, blocking)
    output = write_to(writing)
    os.close(writing)
    os.close(reading)
    assert output.startswith("went on, lost")
    assert not output.endswith(" 0")


def test_no_standard_error_at_all_stops_nothing() -> None:
    ended = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, WRITES],
        stdout=subprocess.PIPE,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 0, ended
    assert ended.stdout.decode().startswith("went on")


def test_where_there_is_room_every_line_arrives(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        ended = write_to(file.fileno())
    assert ended == "went on, lost 0"
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    texts = [line.get("message", line["event"]) for line in lines]
    assert [each for each in texts if each.startswith("theirs")] == ["theirs 1", "theirs %d"]
    unmade = [line for line in lines if "log_error" in line]
    assert {line["log_error"] for line in unmade} == {"RuntimeError", "TypeError"}
    assert {line["instance"] for line in lines} == {"w-1"}
    [died] = [line for line in lines if line["event"] == "thread died"]
    assert "ZeroDivisionError" in died["exception"]


UNTIL_ROOM = """
import sys
import structlog
from punctual.ops import logs

logs.configure(service="worker", name="w-1")
log = structlog.get_logger()
for line in sys.stdin:
    log.info("ours", text=line.strip() * 30)
    sys.stdout.write("written\\n")
    sys.stdout.flush()
"""


def test_lines_that_were_lost_are_reported_once_there_is_room() -> None:
    reading, writing = os.pipe()
    fill(writing)
    with subprocess.Popen(
        [sys.executable, "-c", UNTIL_ROOM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=writing,
        text=True,
    ) as process:
        os.close(writing)
        assert process.stdin is not None
        assert process.stdout is not None

        def have_it_log(text: str) -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{text}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "written\n"

        for text in ("one", "two", "three"):
            have_it_log(text)
        os.set_blocking(reading, False)
        while os.read(reading, 4096).strip(b"x") == b"":
            if not _readable(reading):
                break
        have_it_log("four")
        process.stdin.close()
        eventually(lambda: _readable(reading))
        lines = [json.loads(line) for line in os.read(reading, 65536).decode().splitlines()]
    os.close(reading)
    assert [(line["event"], line.get("lines")) for line in lines] == [
        ("log lines lost", 3),
        ("ours", None),
    ]
    assert lines[1]["text"] == "four" * 30


def _readable(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])
