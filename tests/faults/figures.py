"""The table of what the scenarios measured, printed at the end and kept in build/chaos.json."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

FILE = Path("build/chaos.json")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement: `seconds` of `what` in `scenario`, which promises at most `bound`."""

    scenario: str
    what: str
    bound: float
    seconds: float

    def as_row(self) -> dict[str, Any]:
        """The figure as plain values, fit to be sent between processes."""
        return asdict(self)


class Figures:
    """Collects the figures of every process of the session."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Takes the figures of a scenario that has ended."""
        if report.when == "call":
            figures = [value for name, value in report.user_properties if name == "figure"]
            self._rows += [dict(figure) for figure in figures if isinstance(figure, dict)]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints the table, and keeps it."""
        if not self._rows:
            return
        terminalreporter.section("measured")
        for row in self._rows:
            shown = f"{row['seconds']:8.2f} s  of {row['bound']:5g}  {row['scenario']}"
            terminalreporter.write_line(f"{shown}: {row['what']}")
        known = {(row["scenario"], row["what"]): row for row in read(FILE)}
        known |= {(row["scenario"], row["what"]): row for row in self._rows}
        FILE.parent.mkdir(exist_ok=True)
        document = {"measured": datetime.now(UTC).date().isoformat(), "figures": [*known.values()]}
        FILE.write_text(json.dumps(document, indent=1) + "\n")


def read(file: Path) -> list[dict[str, Any]]:
    """The figures that are on file."""
    if not file.exists():
        return []
    rows: list[dict[str, Any]] = json.loads(file.read_text())["figures"]
    return rows
