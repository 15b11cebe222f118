"""The oracle: what commands themselves wrote down about their starts and ends."""

import re
from dataclasses import dataclass
from pathlib import Path

# One write(2) of less than a page to a file opened with O_APPEND: lines never mix.
LOG = """say() {{ printf '%s %s %s %s %s %s\\n' "$1" "$PUNCTUAL_RUN_ID" "$PUNCTUAL_ATTEMPT" \
"$PUNCTUAL_FENCE" $$ "$(date +%s.%N)" >> {path}; }}; """

LINE = re.compile(r"(start|end) ([0-9a-f-]{36}) (\d+) (\d+) (\d+) (\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line of the journal; `at` in seconds since 1970."""

    kind: str
    run_id: str
    attempt: int
    fence: int
    pid: int
    at: float


class Journal:
    """A file that the commands of every worker append to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()
        path.chmod(0o666)  # commands may run as another user

    def command(self, work: str = ":") -> str:
        """A shell command that writes its start, does `work`, and writes its end."""
        return LOG.format(path=self.path) + f"say start; {work}; say end"

    def lines(self) -> list[JournalLine]:
        """Everything written so far. Raises ValueError for a line that no command can have made."""
        found = []
        for text in self.path.read_text().splitlines():
            match = LINE.fullmatch(text)
            if match is None:
                raise ValueError(f"not a line of the journal: {text!r}")
            kind, run_id, attempt, fence, pid, at = match.groups()
            found.append(JournalLine(kind, run_id, int(attempt), int(fence), int(pid), float(at)))
        return found

    def starts(self) -> list[JournalLine]:
        """The starts, in the order of writing."""
        return [line for line in self.lines() if line.kind == "start"]
