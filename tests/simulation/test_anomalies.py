"""A small simulation: nearly all that is planted is found, with hardly a false alarm."""

from tests.simulation.anomalies.weeks import simulate


def test_a_week_of_a_few_tasks() -> None:
    outcome = simulate(1, tasks=60)
    assert outcome.ordinary > 5_000
    assert outcome.found.total() > 50
    assert outcome.share > 0.95
    assert outcome.rate <= 1
