"""Write what `make bench` last measured into the documents: `python -m tests.bench.measured`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.report import figure
from tests.bench.row import OURS

RESULT = Path("build/bench.json")
ABOUT = ("date", "commit", "size", "processor", "cores", "memory", "python", "load before")
WORDS = {True: "met", False: "**not met**", None: ""}

Table = dict[str, Any]


def main() -> int:
    """Fill in every block; 1 without any figures."""
    if not RESULT.exists():
        sys.stderr.write(f"nothing was measured yet: {RESULT} is made by `make bench`\n")
        return 1
    fill_in(RESULT)
    return 0


def fill_in(result: Path) -> None:
    """Put figures and model between the marks of the documents."""
    found: Table = json.loads(result.read_text())
    blocks: list[tuple[str, str, Callable[[Table], str]]] = [
        ("docs/internals/performance.md", "measured", table),
        ("docs/operate/scaling.md", "model", model),
    ]
    for document, name, content in blocks:
        _put(Path(document), name, content(found))


def table(found: Table) -> str:
    """Return the rows that have a target, and on what they were measured."""
    about = "; ".join(f"{name} {found['machine'][name]}" for name in ABOUT)
    lines = [about, "", "| what | unit | Punctual | others | ratio | target | | command |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    rows = [row for row in found["rows"] if "failed" in row or row["limit"] is not None]
    return "\n".join([*lines, *map(_line, rows)]) + "\n"


def _line(row: Table) -> str:
    if "failed" in row:
        command = _command(row["name"])
        return f"| {row['name']} | | **failed** | {row['failed']} | | | | {command} |"
    others = ", ".join(
        f"{name} {figure(each)}" for name, each in row["figures"].items() if name != OURS
    )
    ratio = f"{row['value']:.2f}" if row["against"] else ""
    verdict = "; ".join(each for each in (WORDS[row["met"]], row["note"]) if each)
    cells = (row["name"], row["unit"], figure(row["figures"][OURS]), others, ratio, row["target"])
    return f"| {' | '.join([*cells, verdict, _command(row['measure'])])} |"


def _command(measure: str) -> str:
    return f"`make bench ONLY={measure}`"


def model(found: Table) -> str:
    """Return how many runs a second a number of workers comes to, by the measured constants."""
    of = {row["name"]: median(row["figures"][OURS]) for row in found["rows"] if "figures" in row}
    run = of.get("database CPU: for the run itself")
    batch = of.get("database CPU: for its worker's statements")
    beat = of.get("database CPU: one heartbeat")
    message = of.get("Redis CPU: one message, to and fro")
    if not (run and batch and beat and message):
        return "not measured: `make bench ONLY=scaling`\n"
    constants = (
        f"Database CPU: {run:,.0f} µs a run, {batch:,.0f} µs more for each batch of runs that a "
        f"worker takes, starts and reports together, {beat:,.0f} µs a heartbeat. "
        f"Redis CPU: {message:,.0f} µs a message."
    )
    head = "| workers | heartbeats take of a core | runs/s a core in batches of 1 | of 4 | of 16 |"
    lines = [constants, "", head, "|---|---|---|---|---|"]
    for workers in (1, 10, 100, 1000):
        rest = workers / 5 * beat / 1e6
        cells = [f"{max(1 - rest, 0) / (run + batch / size) * 1e6:,.0f}" for size in (1, 4, 16)]
        lines.append(f"| {workers:,} | {rest:.1%} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _put(document: Path, name: str, content: str) -> None:
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = document.read_text().partition(begin)
    after = rest.partition(end)[2]
    document.write_text(f"{before}{begin}\n{content}{end}{after}")


if __name__ == "__main__":
    sys.exit(main())
