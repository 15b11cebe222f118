"""The ledger's sentences."""

import pytest

from punctual.domain.runs.ledger import Reason
from punctual.domain.wording import ledger_sentence


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            {"reason": "held", "because": 'blocked by calendar "Xmas"'},
            'Held: blocked by calendar "Xmas".',
        ),
        ({"reason": "cancelled", "because": None}, "Cancelled."),
        (
            {"reason": "late", "because": "no worker was free", "lateness": 1.25},
            "Late: started 1.2 s after it was due; no worker was free.",
        ),
        (
            {"reason": "limited", "because": None, "lateness": 90},
            "Limited: started 1 minute 30 seconds after it was due.",
        ),
        (
            {"reason": "missed", "because": "no coordinator", "times": 12},
            "Missed: no coordinator (12 due times).",
        ),
    ],
)
def test_a_row_is_described_in_one_sentence(row: dict[str, object], sentence: str) -> None:
    reason = Reason(str(row.pop("reason")))
    assert ledger_sentence(reason, **row) == sentence  # type: ignore[arg-type]
