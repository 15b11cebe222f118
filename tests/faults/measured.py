"""Write the last figures into docs/operate/reliability.md: `python -m tests.faults.measured`."""

import sys
from pathlib import Path

from tests.faults.figures import FILE, read

DOCUMENT = Path("docs/operate/reliability.md")
COLUMN = "measured"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

# The crash table's rows by how they begin, and the scenarios whose figures stand for them.
ROWS = {
    "after dispatch's commit": ("coordinator killed after the commit", "FLUSHALL", "Valkey down"),
    "a worker with claimed runs": ("worker killed that held 40", "SIGTERM to coordinator"),
    "a worker dies after START": ("worker killed between START", "agent killed", "runner killed"),
    "the command ended": ("worker killed between the command's end",),
    "the agent is cut off": ("worker cut off from PostgreSQL", "agent stopped"),
    "the database is down for less": ("PostgreSQL killed and restarted",),
    "the database is down longer": ("PostgreSQL down for a minute",),
    "the agent is alive": ("a command stops its runner",),
    "one loop of a worker": ("the starter of a worker", "the reporter of a worker"),
    "the log disk is full": ("the log disk full",),
    "the disk of PostgreSQL": ("the data disk full",),
    "a command is a fork bomb": ("a fork bomb", "an allocation of 10 GB", "a file of 10 GB"),
    "everything is stopped with": ("restart on old data",),
    "every coordinator is down": ("every coordinator down",),
}


def main() -> int:
    """Fill the crash table's last column and the table of all figures; 1 without any figures."""
    figures = read(FILE)
    if not figures:
        sys.stderr.write(f"nothing was measured yet: {FILE} is made by `make chaos`\n")
        return 1
    lines = [_filled(line, figures) for line in DOCUMENT.read_text().splitlines()]
    text = "\n".join(lines) + "\n"
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(before + BEGIN + "\n" + _table(figures) + END + after)
    return 0


def _filled(line: str, figures: list[dict[str, object]]) -> str:
    row = next((name for name in ROWS if line.startswith(f"| {name}")), None)
    if row is None:
        return line
    shown = [
        f"{figure['seconds']:.1f} s"
        for start in ROWS[row]
        for figure in figures
        if str(figure["scenario"]).startswith(start)
    ]
    cells = line.split(" | ")
    return " | ".join([*cells[:-1], f"{', '.join(shown)} |"])


def _table(figures: list[dict[str, object]]) -> str:
    rows = sorted(
        f"| {figure['scenario']} | {figure['what']} | {figure['bound']:g} s "
        f"| {figure['seconds']:.2f} s |"
        for figure in figures
    )
    head = ["| scenario | figure | bound | measured |", "|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
