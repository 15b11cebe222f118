"""The wire: what a message may hold, and how runs are parted into messages."""

import json
import uuid

import pytest

from punctual.messaging.hints import MOST_PAIRS, decode, encode, parcels


def some_pairs(count: int) -> list[tuple[uuid.UUID, int]]:
    return [(uuid.uuid4(), fence) for fence in range(count)]


def test_pairs_survive_the_wire() -> None:
    pairs = some_pairs(3)
    assert decode(json.loads(json.dumps(encode(pairs)))) == pairs


@pytest.mark.parametrize("value", [None, {}, "x", [1], [["x", 1]], [[str(uuid.uuid4())]], [[1, 2]]])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(value)


@pytest.mark.parametrize(("runs", "workers"), [(1, 1), (10, 3), (120, 1), (500, 7), (5, 9)])
def test_parcels_keep_order_and_give_every_worker_its_share(runs: int, workers: int) -> None:
    pairs = some_pairs(runs)
    parts = list(parcels(pairs, workers=workers))
    assert [pair for part in parts for pair in part] == pairs
    assert max(len(part) for part in parts) <= MOST_PAIRS
    assert len(parts) >= min(runs, workers, -(-runs // MOST_PAIRS))
