"""Figures of what is not normal: what was measured, and what the task's last successes say."""

from collections.abc import Iterator, Mapping
from typing import Any

from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.facts import EventFacts
from punctual.domain.alerts.times import MessageReader
from punctual.domain.amounts import bytes_words, span_words

E = EventKind

OF_DURATION = (E.SLOW, E.FAST)
OF_OUTPUT = (E.SILENT,)


def figure_rows(facts: EventFacts, reader: MessageReader) -> Iterator[tuple[str, str]]:
    """Yield what an event measured, so that a reader can judge it."""
    figures = facts.details.get("figures")
    given: Mapping[str, Any] = figures if isinstance(figures, Mapping) else {}
    if facts.kind in OF_DURATION:
        yield from _compared(given, "Took", span_words)
    elif facts.kind in OF_OUTPUT:
        yield from _compared(given, "Output", lambda size: bytes_words(round(size)))
    for name, value in given.items():
        if facts.kind not in OF_DURATION + OF_OUTPUT and _is_number(value):
            yield name.replace("_", " ").capitalize(), f"{value:,.6g}"
    if (from_at := facts.details.get("from")) and (to_at := facts.details.get("to")):
        yield "From", f"{from_at} to {to_at}"


def _compared(given: Mapping[str, Any], label: str, words: Any) -> Iterator[tuple[str, str]]:
    found = {name: value for name, value in given.items() if _is_number(value)}
    if "value" in found:
        yield label, words(found["value"])
    if {"low", "high"} <= found.keys():
        runs = f" in {found['runs']:,} successes" if "runs" in found else ""
        yield "Normal", f"{words(found['low'])} to {words(found['high'])}{runs}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
