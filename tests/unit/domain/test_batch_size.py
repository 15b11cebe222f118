"""A batch that fails is tried again as smaller ones, down to one by one."""

from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.batch_size import BatchSize


@given(st.integers(1, 5_000), st.integers(1, 5_000))
def test_what_is_too_much_at_once_gets_through_in_parts(most: int, bearable: int) -> None:
    size, tries = BatchSize(most), 0
    while size.now > bearable:
        size.failed(size.now)
        tries += 1
    assert tries <= most.bit_length()
    assert size.now >= 1


@given(st.lists(st.booleans()), st.integers(1, 100))
def test_it_stays_between_one_and_the_most(outcomes: list[bool], most: int) -> None:
    size = BatchSize(most)
    for well in outcomes:
        if well:
            size.went_well()
        else:
            size.failed(size.now)
        assert 1 <= size.now <= most
    for _ in range(8):
        size.went_well()
    assert size.now == most
