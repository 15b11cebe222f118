"""JSON as it is written says what it was given, whatever users send."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.runs.states import Overlap
from punctual.ops.json_text import as_text, written

texts = st.text(st.characters(codec=None), max_size=8)  # halves of characters are among them
values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
documents = st.recursive(
    values.filter(lambda value: value not in (float("inf"), float("-inf"))),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(texts, below, max_size=4),
    max_leaves=12,
)


@given(documents)
def test_it_reads_back_as_it_was(document: Any) -> None:
    assert json.loads(written(document)) == document


def test_numbers_of_any_size_keep_their_digits() -> None:
    assert as_text({"n": 2**70, "id": None}) == '{"n":1180591620717411303424,"id":null}'


def test_what_json_does_not_know_is_text_with_or_without_a_large_number() -> None:
    at = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    known = {"id": uuid.UUID(int=7), "at": at, "overlap": Overlap.SKIP}
    parsed = json.loads(written(known))
    assert parsed == {
        "id": str(uuid.UUID(int=7)),
        "at": "2030-01-02T03:04:05Z",
        "overlap": "skip",
    }
    large = json.loads(written({**known, "n": 2**70}))
    assert large["id"] == parsed["id"]
    assert large["at"] == parsed["at"]
