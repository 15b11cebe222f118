"""The figures of the fault suite go into rows of the crash table that exist."""

from pathlib import Path

import pytest

from tests.faults.measured import DOCUMENT, ROWS

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("start", ROWS)
def test_one_row_of_the_crash_table_begins_so(start: str) -> None:
    lines = (ROOT / DOCUMENT).read_text().splitlines()
    assert sum(line.startswith(f"| {start}") for line in lines) == 1
