"""Log lines are JSON, whatever the stream they go to can write."""

import ast
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import apscheduler.schedulers.base
import dramatiq.worker
import gunicorn.arbiter
import pytest

from punctual.ops.third_party_logs import KNOWN

WRITES = """
import logging, structlog
from punctual.ops import logs
logs.configure(service="api", name="api-1")
structlog.get_logger().info("request answered", path="/für/€")
logging.getLogger("some_package").warning("heading %s", "für €")
"""


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_a_line_is_json_on_a_stream_of_any_encoding(encoding: str) -> None:
    environ = {**os.environ, "PYTHONIOENCODING": encoding}
    ended = subprocess.run(
        [sys.executable, "-c", WRITES], env=environ, stderr=subprocess.PIPE, check=True
    )
    ours, theirs = (json.loads(line) for line in ended.stderr.decode().splitlines())
    assert ours["path"] == "/für/€"
    assert (theirs["event"], theirs["logger"]) == ("library reported", "some_package")
    assert theirs["message"] == "heading für €"
    assert ours["instance"] == theirs["instance"] == "api-1"


LIBRARIES = """
import logging, sys, threading, warnings
from punctual.ops import logs
logs.configure(service="api", name="api-1", level=sys.argv[1])
arbiter = logging.getLogger("gunicorn.error")
arbiter.critical("WORKER TIMEOUT (pid:%s)", 17)
arbiter.error("Worker (pid:%s) was sent %s! Perhaps out of memory?", 17, "SIGKILL")
arbiter.warning("percent %d", "no number")
logging.getLogger("dramatiq.worker.ConsumerThread(runs)").critical(
    "Consumer encountered a connection error: %s", ConnectionError("refused"))
warnings.warn("old")
raise RuntimeError("the end")
"""


def logged_by_libraries(level: str) -> list[dict[str, object]]:
    """What a process logs at a level until it dies."""
    ended = subprocess.run(
        [sys.executable, "-c", LIBRARIES, level], stderr=subprocess.PIPE, check=False
    )
    assert ended.returncode == 1
    return [json.loads(line) for line in ended.stderr.decode().splitlines()]


def test_lines_of_libraries_have_constant_texts_fields_and_fitting_levels() -> None:
    lines = logged_by_libraries("info")
    logged = [(line["event"], line["level"]) for line in lines]
    assert logged == [
        ("request process frozen", "error"),
        ("request process ended", "error"),
        ("percent %d", "warning"),
        ("library reported", "warning"),
        ("process died", "critical"),
    ]
    assert (lines[0]["pid"], lines[1]["pid"], lines[1]["signal"]) == (17, 17, "SIGKILL")
    assert "UserWarning: old" in str(lines[3]["message"])
    assert "RuntimeError: the end" in str(lines[4]["exception"])
    assert all({"timestamp", "service", "instance"} <= set(line) for line in lines)


def test_what_is_logged_once_by_us_is_at_debug_where_a_library_repeats_it() -> None:
    lines = {str(line["event"]): line for line in logged_by_libraries("debug")}
    lost = lines["consumer connection lost"]
    assert (lost["level"], lost["error"]) == ("debug", "refused")


def test_texts_of_libraries_that_we_know_are_still_theirs() -> None:
    sources = [
        Path(inspect.getsourcefile(module) or "").read_text()
        for module in (gunicorn.arbiter, dramatiq.worker, apscheduler.schedulers.base)
    ]
    texts = {
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    # gunicorn puts one together of two.
    whole = {f"Worker (pid:%s) was sent %s!{end}" for end in texts if end.startswith(" Perhaps")}
    assert set(KNOWN) - texts - whole == set()
