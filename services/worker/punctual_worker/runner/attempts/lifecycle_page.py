"""The life of an attempt as a page for people; run as a module, it prints the page."""

from __future__ import annotations

import sys

from punctual_worker.runner.attempts.phases import EVENTS, Event, Phase
from punctual_worker.runner.attempts.transitions import TRANSITIONS

COMMAND = ".venv/bin/python -m punctual_worker.runner.attempts.lifecycle_page"


def page() -> str:
    """Return the whole page, in Markdown: a diagram, the phases, the events and the table."""
    return "\n".join(
        [
            "# The life of an attempt in the runner",
            "",
            f"Made from `TRANSITIONS` by `{COMMAND}`; a test compares.",
            "`lifecycle.py` carries it out, and no other module changes a phase or an end.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {Phase.WAITING.name}",
            *_arrows(),
            f"    {Phase.DONE.name} --> [*]",
            "```",
            "",
            "| phase | the attempt |",
            "|---|---|",
            *(f"| `{phase.name}` | {phase.meaning} |" for phase in Phase),
            "",
            "| event | |",
            "|---|---|",
            *(f"| `{event.__name__}` | {meaning_of(event)} |" for event in EVENTS),
            "",
            "## What each event leads to",
            "",
            "An event that is not listed for a phase changes nothing there.",
            "",
            "| in | event | leads to | and does |",
            "|---|---|---|---|",
            *_rows(),
            "",
        ]
    )


def meaning_of(event: type[Event]) -> str:
    """Return the first sentence of an event's docstring, to go on in a line."""
    text = (event.__doc__ or "").strip().rstrip(".")
    return text[:1].lower() + text[1:]


def _arrows() -> list[str]:
    labels: dict[tuple[Phase, Phase], list[str]] = {}
    for (phase, event), step in TRANSITIONS.items():
        if step is not None and step[0] != phase:
            labels.setdefault((phase, step[0]), []).append(event.__name__)
    return [
        f"    {old.name} --> {new.name}: {', '.join(names)}" for (old, new), names in labels.items()
    ]


def _rows() -> list[str]:
    return [
        f"| `{phase.name}` | `{event.__name__}` | `{step[0].name}` | {step[1]} |"
        for (phase, event), step in TRANSITIONS.items()
        if step is not None
    ]


if __name__ == "__main__":
    sys.stdout.write(page())
