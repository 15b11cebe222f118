"""docs/operate/logs.md tells of events that there are, at the level that they have."""

import ast
import logging
import re
from pathlib import Path

from punctual.ops.library_lines import KNOWN

ROOT = Path(__file__).resolve().parents[2]
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


def in_the_code() -> dict[str, set[str]]:
    """The events that services log, each with its levels."""
    # The level of the one depends on the path, and the other is written by the stream itself.
    found: dict[str, set[str]] = {"request answered": {"info"}, "log lines lost": {"warning"}}
    found["database did not answer"] = found["start failed"] = {"warning"}
    found["library reported"] = LEVELS
    for known in KNOWN.values():
        found.setdefault(known.event, set()).add(logging.getLevelName(known.level).lower())
    for folder in ("shared", "services"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name("log"), attr=level),
                        args=[ast.Constant(str() as event), *_],
                    ) if level in LEVELS:
                        found.setdefault(event, set()).add(level.replace("exception", "error"))
    return found


def on_the_page() -> dict[str, set[str]]:
    rows = re.findall(
        r"^\| ([a-z][^|`]*) \| ((?:info|warning|error|critical)[^|]*) \|",
        (ROOT / "docs" / "operate" / "logs.md").read_text(),
        re.M,
    )
    told: dict[str, set[str]] = {}
    for events, levels in rows:
        for event in events.split(", "):
            told.setdefault(event, set()).update(levels.split(", "))
    return told


def test_every_event_on_the_page_is_logged_at_its_level() -> None:
    code, page = in_the_code(), on_the_page()
    assert len(page) > 35
    assert set(page) - set(code) == set()
    assert {event for event, levels in page.items() if not levels & code[event]} == set()


def test_every_event_that_needs_somebody_is_on_the_page() -> None:
    grave = {event for event, levels in in_the_code().items() if levels & {"error", "critical"}}
    assert grave - set(on_the_page()) == set()
