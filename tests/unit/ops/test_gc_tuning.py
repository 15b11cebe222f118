"""What lives long is set aside; what comes later is still collected."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from punctual.ops.gc_tuning import set_aside


class Knot:
    """Something that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector() -> Iterator[None]:
    """Python's collector, as it was before once the test is over."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collector")
def test_what_is_there_is_no_longer_looked_through() -> None:
    set_aside()
    assert gc.get_freeze_count() > 1000
    assert len(gc.get_objects()) < gc.get_freeze_count() / 10


@pytest.mark.usefixtures("collector")
def test_what_comes_later_is_collected_without_being_asked() -> None:
    set_aside()
    gone = weakref.ref(Knot())
    retained: list[list[int]] = [[] for _ in range(2 * gc.get_threshold()[0])]
    assert gone() is None
    assert retained
