"""The table as it is printed, line by line, and the same as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from tests.bench.failure import Failure
from tests.bench.row import OURS, Row

WORDS = {True: "met", False: "NOT MET", None: ""}
WIDTHS = (44, 10, 17, 52, 8, 34)


def header(machine: Mapping[str, str]) -> str:
    """What was measured on, and the names of the columns."""
    lines = [f"{name}: {value}" for name, value in machine.items()]
    names = ("what", "unit", OURS, "others", "ratio", "target")
    return "\n".join([*lines, "", "figures are `median (min)` of the repeats", _columns(names)])


def line(row: Row | Failure) -> str:
    """One row; others in the order in which they were measured."""
    if isinstance(row, Failure):
        return row.line
    others = ", ".join(
        f"{name} {figure(figures)}" for name, figures in row.figures.items() if name != OURS
    )
    ratio = f"{row.value:.2f}" if row.against else ""
    cells = (row.name, row.unit, figure(row.figures[OURS]), others, ratio, row.target)
    remarks = [WORDS[row.met], row.note]
    return _columns(cells).rstrip("\n") + " " + "; ".join(each for each in remarks if each) + "\n"


def write(file: Path, machine: Mapping[str, str], rows: Sequence[Row | Failure]) -> None:
    """Keep everything, each repeat included."""
    file.parent.mkdir(exist_ok=True)
    document = {"machine": dict(machine), "rows": [row.as_json() for row in rows]}
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _columns(cells: Sequence[str]) -> str:
    return " ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)) + "\n"


def figure(figures: Sequence[float]) -> str:
    """The median of the repeats, and the least of them."""
    if len(figures) == 1:
        return _short(figures[0])
    return f"{_short(median(figures))} ({_short(min(figures))})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
