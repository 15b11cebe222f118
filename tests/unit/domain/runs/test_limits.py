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
    assert limits_in_force(chosen, default, {}) == default | (chosen or {})


@given(own, defaults, st.dictionaries(st.sampled_from(LIMITS), sizes))
def test_an_operators_maximum_is_never_exceeded(
    chosen: dict[str, int] | None, default: dict[str, int], maxima: dict[str, int]
) -> None:
    found = limits_in_force(chosen, default, maxima)
    for name, without in limits_in_force(chosen, default, {}).items():
        bounds = [most for most in (without, maxima.get(name, 0)) if most]  # 0 is no limit
        assert found[name] == min(bounds, default=0)
