"""A product that accepts a report for a run from any worker, and however late."""

from punctual.store.lifecycle import finish
from tests.faults.mutants.without import without

finish.FINISH = without(
    finish.FINISH, (" AND t.fence = r.fence", ""), ("r.worker_id = :worker_id AND ", "")
)
