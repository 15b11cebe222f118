"""Log lines are JSON, whatever the stream they go to can write."""

import json
import os
import subprocess
import sys

import pytest

WRITES = """
import logging, structlog
from punctual import logs
logs.configure(service="api", name="api-1")
structlog.get_logger().info("request answered", path="/für/€")
logging.getLogger("a.library").warning("told %s", "für €")
"""


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_a_line_is_json_on_a_stream_of_any_encoding(encoding: str) -> None:
    environ = {**os.environ, "PYTHONIOENCODING": encoding}
    ended = subprocess.run(
        [sys.executable, "-c", WRITES], env=environ, stderr=subprocess.PIPE, check=True
    )
    ours, theirs = (json.loads(line) for line in ended.stderr.decode().splitlines())
    assert ours["path"] == "/für/€"
    assert theirs["event"] == "told für €"
    assert ours["instance"] == theirs["instance"] == "api-1"
