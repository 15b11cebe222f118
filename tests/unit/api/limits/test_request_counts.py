"""Counts of requests a minute: the last allowed, the first refused, and the next minute."""

import uuid
from dataclasses import dataclass, field

from punctual_api.limits.request_counts import RequestCounts, Standing

ANNA, BEN = uuid.UUID(int=60 * 7), uuid.UUID(int=60 * 7 + 25)
"""Their minutes begin with the clock's, and 25 seconds earlier."""


@dataclass
class Clock:
    """A clock that a test sets."""

    at: float = 600.0

    def __call__(self) -> float:
        """Return the time."""
        return self.at


@dataclass
class Totals:
    """What all processes have counted, as Redis adds it up."""

    found: dict[tuple[uuid.UUID, int], int] = field(default_factory=dict)

    def exchange(self, counts: RequestCounts) -> None:
        """Add the counts of a process, and answer it the totals."""
        sent = counts.unsent()
        for one in sent:
            key = (one.sender, one.minute)
            self.found[key] = self.found.get(key, 0) + one.requests
        counts.note(sent, [self.found[one.sender, one.minute] for one in sent])


def test_the_last_request_is_allowed_the_next_is_refused_and_a_minute_later_all_are_free() -> None:
    clock = Clock(610.5)
    counts = RequestCounts(2, clock=clock)
    assert counts.take(ANNA) == Standing(True, 1, 50)
    assert counts.take(ANNA) == Standing(True, 0, 50)
    clock.at = 659.9
    assert counts.take(ANNA) == Standing(False, 0, 1)
    clock.at = 660.0
    assert counts.take(ANNA) == Standing(True, 1, 60)


def test_each_sender_has_a_count_and_a_minute_of_its_own() -> None:
    counts = RequestCounts(1, clock=Clock())
    assert counts.take(ANNA) == Standing(True, 0, 60)
    assert not counts.take(ANNA).allowed
    assert counts.take(BEN) == Standing(True, 0, 35)


def test_after_an_exchange_a_process_counts_what_another_has_allowed() -> None:
    clock, totals = Clock(), Totals()
    one, two = RequestCounts(10, clock=clock), RequestCounts(10, clock=clock)
    for _ in range(9):
        one.take(ANNA)
    totals.exchange(one)
    assert two.take(ANNA).left == 9  # it does not know of them yet
    totals.exchange(two)
    assert two.take(ANNA) == Standing(False, 0, 60)
    assert one.take(ANNA).left == 0  # the one that it knew to be left
    totals.exchange(one)
    assert not one.take(ANNA).allowed


def test_what_was_lost_on_its_way_counts_here_and_is_not_sent_twice() -> None:
    counts, totals = RequestCounts(3, clock=Clock()), Totals()
    counts.take(ANNA)
    counts.note(counts.unsent(), None)
    assert counts.unsent() == []
    counts.take(ANNA)
    totals.exchange(counts)
    assert counts.take(ANNA) == Standing(True, 0, 60)
    assert not counts.take(ANNA).allowed


def test_a_request_that_is_counted_during_an_exchange_is_part_of_the_next_one() -> None:
    counts = RequestCounts(10, clock=Clock())
    counts.take(ANNA)
    sent = counts.unsent()
    counts.take(ANNA)
    counts.note(sent, [5])
    assert counts.take(ANNA).left == 3
    assert [one.requests for one in counts.unsent()] == [2]


def test_senders_of_minutes_that_are_over_are_forgotten() -> None:
    clock = Clock()
    counts = RequestCounts(10, clock=clock)
    counts.take(ANNA)
    clock.at += 61
    assert counts.unsent() == []
    counts.note([], None)
    assert counts._counts == {}
