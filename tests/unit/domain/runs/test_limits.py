"""Which limits are in force."""

from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.runs.limits import LIMITS, limits_in_force

sizes = st.integers(min_value=0, max_value=2**50)
defaults = st.fixed_dictionaries(dict.fromkeys(LIMITS, sizes))
own = st.none() | st.dictionaries(st.sampled_from(LIMITS), sizes)


@given(own, defaults)
def test_each_limit_is_the_tasks_own_or_else_the_workers(
    chosen: dict[str, int] | None, default: dict[str, int]
) -> None:
    found = limits_in_force(chosen, default)
    assert found == default | (chosen or {})
