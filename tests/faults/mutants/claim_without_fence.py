"""A product that does not hold a claim to its fence: a copy of a message takes it once more."""

from punctual.store.lifecycle import claim, start
from tests.faults.mutants.without import without

claim.CLAIM = without(
    claim.CLAIM,
    (" AND m.fence = r.fence", ""),
    ("r.state || '' = 'queued'", "r.state IN ('queued', 'claimed')"),
)
start.START = without(
    start.START, (" AND c.fence = r.fence", ""), ("r.worker_id = :worker_id AND ", "")
)
