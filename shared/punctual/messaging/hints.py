"""The whole wire format: a message names runs and fences, and carries nothing else."""

import uuid
from collections.abc import Iterable, Iterator, Sequence

from punctual.domain.runs.queue import DEFAULT_QUEUE

ACTOR = "claim_runs"
"""The actor that coordinators send to by name, and workers implement."""

QUEUE = "runs"
"""Where messages for workers of the default queue wait; the other queues have one each."""

MOST_PAIRS = 50
"""The most runs in one message."""

Pair = tuple[uuid.UUID, int]


def redis_queue(queue: str) -> str:
    """Return where messages about runs of this queue wait: a Dramatiq queue of its own."""
    return QUEUE if queue == DEFAULT_QUEUE else f"{QUEUE}.{queue}"


def encode(pairs: Iterable[Pair]) -> list[list[str | int]]:
    """Return (run id, fence) pairs as JSON values."""
    return [[str(run_id), fence] for run_id, fence in pairs]


def decode(values: object) -> list[Pair]:
    """Read `encode`'s JSON back. Raises ValueError for anything else."""
    if not isinstance(values, list):
        raise ValueError("a message is a list of pairs")  # noqa: TRY004 - promised
    pairs = []
    for value in values:
        match value:
            case [str(run_id), int(fence)]:
                pairs.append((uuid.UUID(run_id), fence))
            case _:
                raise ValueError("a pair is a run id and a fence")
    return pairs


def parcels(pairs: Sequence[Pair], *, workers: int) -> Iterator[Sequence[Pair]]:
    """Split the runs, in order, into messages small enough that every worker gets its share."""
    size = max(1, min(MOST_PAIRS, -(-len(pairs) // max(workers, 1))))
    for start in range(0, len(pairs), size):
        yield pairs[start : start + size]
