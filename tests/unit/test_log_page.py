"""The catalogue lists exactly the events that services log, and docs/operate/logs.md shows it."""

import ast
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from punctual.ops.log_events import BEGIN, END, EVENTS, table
from punctual.ops.third_party_logs import KNOWN

ROOT = Path(__file__).resolve().parents[2]
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
CHOSEN_AT_RUN_TIME = {
    "request answered": {"info", "debug"},
    "request refused": {"warning", "debug"},
    "start failed": {"warning", "debug"},
    "log lines lost": {"warning"},
    "library reported": {"warning", "error", "critical"},
}
"""Events whose level is an expression, or that the log stream writes itself."""


def trees() -> Iterator[ast.AST]:
    for folder in ("shared", "services"):
        for file in (ROOT / folder).rglob("*.py"):
            if file.name != "log_events.py":
                yield from ast.walk(ast.parse(file.read_text()))


def events_in_the_code() -> dict[str, set[str]]:
    """The events that services log, each with its levels."""
    found: dict[str, set[str]] = {}
    for known in KNOWN.values():
        found.setdefault(known.event, set()).add(logging.getLevelName(known.level).lower())
    for node in trees():
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("log"), attr=level),
                args=[ast.Constant(str() as event), *_],
            ) if level in LEVELS and event not in CHOSEN_AT_RUN_TIME:
                found.setdefault(event, set()).add(level.replace("exception", "error"))
            case ast.Constant(str() as text) if text in CHOSEN_AT_RUN_TIME:
                found[text] = CHOSEN_AT_RUN_TIME[text]
    return found


def test_the_catalogue_lists_every_logged_event_with_its_levels_and_no_other() -> None:
    listed = {event.text: set(event.levels.split(", ")) for event in EVENTS}
    assert listed == events_in_the_code()


def test_each_event_is_listed_once_with_a_meaning() -> None:
    assert [text for text, times in Counter(e.text for e in EVENTS).items() if times > 1] == []
    assert [event.text for event in EVENTS if not event.meaning.strip()] == []


def test_log_calls_name_their_event_in_place() -> None:
    """An event from a variable could not be compared with the catalogue."""
    hidden = [
        ast.unparse(node)
        for node in trees()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
        and node.func.attr in LEVELS
        and not isinstance(node.args[0], ast.Constant)
    ]
    assert hidden == []


def test_the_page_shows_the_catalogue() -> None:
    """After a change: `python -m punctual.ops.log_events docs/operate/logs.md`."""
    page = (ROOT / "docs" / "operate" / "logs.md").read_text()
    assert page.partition(BEGIN)[2].partition(END)[0] == table()
