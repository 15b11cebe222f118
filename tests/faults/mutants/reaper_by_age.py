"""A product that takes a run for lost because it is old, not because its worker is silent."""

from punctual.store.lifecycle import reap
from tests.faults.mutants.without import without

reap.GIVE_UP = without(
    reap.GIVE_UP, ("w.state = 'gone'", "r.started_at < clock_timestamp() - interval '3 seconds'")
)
