"""Figures in the documents: taken from the result, failures included."""

import json
from pathlib import Path

import pytest

from tests.bench.failure import Failure, in_one_line
from tests.bench.machine import PACKAGES
from tests.bench.measured import ABOUT, fill_in
from tests.bench.report import line, write
from tests.bench.row import OURS, Row

MACHINE = dict.fromkeys([*ABOUT, *PACKAGES], "known")
CONSTANTS = {
    "database CPU: for the run itself": 200.0,
    "database CPU: for its worker's statements": 800.0,
    "database CPU: one heartbeat": 500.0,
    "Redis CPU: one message, to and fro": 100.0,
}


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two documents with marks and something old between them, in the working directory."""
    monkeypatch.chdir(tmp_path)
    marks = {"internals/performance": ("measured",), "operate/scaling": ("model",)}
    for document, names in marks.items():
        (tmp_path / "docs" / document).parent.mkdir(parents=True)
        text = "".join(f"<!-- {name}: begin -->\nold\n<!-- {name}: end -->\n" for name in names)
        (tmp_path / "docs" / f"{document}.md").write_text(f"before\n{text}after\n")
    return tmp_path


def filled(documents: Path, rows: list[Row | Failure], document: str) -> str:
    result = documents / "build" / "bench.json"
    write(result, MACHINE, rows)
    assert json.loads(result.read_text())["rows"]
    fill_in(result)
    text = (documents / "docs" / f"{document}.md").read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    return text


def test_a_row_shows_its_ratio_and_whether_its_target_is_met(documents: Path) -> None:
    figures = {OURS: [10.0, 12.0, 14.0], "floor": [20.0]}
    row = Row("late", "ms", figures, "≤ 0.5 x floor", 0.5, against="floor", measure="lateness")
    text = filled(documents, [row], "internals/performance")
    line = "| late | ms | 12 (10) | floor 20 | 0.60 | ≤ 0.5 x floor | **not met** |"
    assert f"{line} `make bench ONLY=lateness` |" in text


def test_a_row_without_a_target_stays_in_the_result_file(documents: Path) -> None:
    rows: list[Row | Failure] = [Row("a start: CPU", "µs", {OURS: [1.0]}, measure="starts")]
    assert "a start" not in filled(documents, rows, "internals/performance")


def test_a_measurement_that_failed_is_shown_too(documents: Path) -> None:
    failure = Failure("burst", in_one_line(ValueError("no such thing\nand more")))
    text = filled(documents, [failure], "internals/performance")
    assert "| burst | | **failed** | ValueError: no such thing |" in text
    assert "`make bench ONLY=burst`" in text
    assert line(failure).strip().endswith("FAILED: ValueError: no such thing")


def test_the_model_is_computed_from_what_was_measured(documents: Path) -> None:
    rows: list[Row | Failure] = [
        Row(name, "µs", {OURS: [value]}) for name, value in CONSTANTS.items()
    ]
    text = filled(documents, rows, "operate/scaling")
    # 1,000 workers: 200 heartbeats a second of 500 µs are a tenth of a core; the rest is runs.
    assert "| 1,000 | 10.0% | 900 | 2,250 | 3,600 |" in text


def test_without_the_constants_there_is_no_model(documents: Path) -> None:
    text = filled(documents, [Row("late", "ms", {OURS: [1.0]})], "operate/scaling")
    assert "not measured: `make bench ONLY=scaling`" in text
