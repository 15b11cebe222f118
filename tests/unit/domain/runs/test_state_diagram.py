"""The page about the states of a run says what the code says."""

from pathlib import Path

from punctual.domain.runs.state_diagram import MEANING, page
from punctual.domain.runs.states import MOVES, RunState

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "state-machine.md"


def test_the_page_in_docs_is_the_generated_one() -> None:
    """`python -m punctual.domain.runs.state_diagram` prints the page."""
    assert PAGE.read_text() == page()


def test_every_state_is_explained() -> None:
    assert set(MEANING) == set(RunState)


def test_every_move_is_an_arrow_and_nothing_else_is() -> None:
    arrows = {line.strip() for line in page().splitlines() if " --> " in line and "[*]" not in line}
    assert arrows == {f"{old} --> {new}" for old, news in MOVES.items() for new in news}
