"""Write the page of the state machine: `python -m punctual.domain.runs.state_diagram`."""

import sys
from collections.abc import Collection

from punctual.domain.runs.states import FINAL, INITIAL, MOVES, PAUSED_RETRY_ENDS, RunState

MEANING = {
    RunState.SCHEDULED: "waits for its due time, or for its next attempt",
    RunState.QUEUED: "is due soon and offered to the workers",
    RunState.CLAIMED: "lies in a worker's memory until its due time",
    RunState.RUNNING: "is started: its command runs, or will on its instant",
    RunState.SUCCEEDED: "its command ended with exit code 0",
    RunState.FAILED: "its last attempt ended otherwise",
    RunState.TIMED_OUT: "its last attempt took longer than its timeout",
    RunState.CANCELLED: "a user cancelled, edited, paused or deleted",
    RunState.LOST: "its last attempt's worker stopped reporting",
    RunState.MISSED: "no worker could start it in time",
    RunState.SKIPPED: "another run of its task was not finished",
}

PAUSE = "../guide/policies.md#pause-what-still-starts"

COMMAND = ".venv/bin/python -m punctual.domain.runs.state_diagram"


def page() -> str:
    """Return the whole page, in Markdown: a diagram and a table."""
    diagram = [f"    [*] --> {state}" for state in RunState if state in INITIAL]
    diagram += [f"    {old} --> {new}" for old in MOVES for new in RunState if new in MOVES[old]]
    diagram += [f"    {state} --> [*]" for state in RunState if state in FINAL]
    table = [f"| `{state}` | {MEANING[state]} | {_next(state)} |" for state in RunState]
    return "\n".join(
        [
            "# The states of a run",
            "",
            f"Made from `MOVES` by `{COMMAND}`; a test compares.",
            "A trigger in the database refuses every other step, and any change of a final run.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            *diagram,
            "```",
            "",
            "| state | the run | may become |",
            "|---|---|---|",
            *table,
            "",
            f"A run that waits for its next attempt may also become {_listed(PAUSED_RETRY_ENDS)},",
            f"as its last attempt ended: a [pause]({PAUSE}) of its task does that.",
            "",
        ]
    )


def _listed(states: Collection[RunState]) -> str:
    first, *others = (f"`{state}`" for state in RunState if state in states)
    return " or ".join([", ".join([first, *others[:-1]]), *others[-1:]])


def _next(state: RunState) -> str:
    following = ", ".join(f"`{new}`" for new in RunState if new in MOVES[state])
    return following or "nothing: it is final"


if __name__ == "__main__":
    sys.stdout.write(page())
