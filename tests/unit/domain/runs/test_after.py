"""Run B after A: sets of ends, and circles."""

import uuid
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.runs.after import End, complete_sets, find_circle

A, B, C, D = (uuid.UUID(int=number) for number in range(4))

upstreams = st.frozensets(st.sampled_from([A, B, C]), min_size=1)
ends = st.lists(st.sampled_from([A, B, C, D]), max_size=30).map(
    lambda ids: [End(number, upstream) for number, upstream in enumerate(ids)]
)


@given(upstreams, ends)
def test_nothing_is_counted_twice(wanted: frozenset[uuid.UUID], ends: list[End]) -> None:
    sets = complete_sets(wanted, ends)
    ended = [sum(end.upstream_id == each for end in ends) for each in wanted]
    assert sets.complete <= min(ended)
    assert len(sets.waiting) < len(wanted)
    assert (sets.complete > 0) == (min(ended) > 0)


@given(upstreams, ends, st.integers(0, 30))
def test_looked_at_in_parts_it_comes_to_the_same(
    wanted: frozenset[uuid.UUID], ends: list[End], cut: int
) -> None:
    first = complete_sets(wanted, ends[:cut])
    left = [end for end in ends[:cut] if end.id in first.waiting]
    second = complete_sets(wanted, left + ends[cut:])
    whole = complete_sets(wanted, ends)
    assert first.complete + second.complete == whole.complete
    assert second.waiting == whole.waiting


@given(ends)
def test_after_one_task_every_end_of_it_counts(ends: list[End]) -> None:
    assert complete_sets({A}, ends).complete == sum(end.upstream_id == A for end in ends)


def test_without_upstream_tasks_nothing_follows() -> None:
    assert complete_sets(set(), [End(1, A)]) == (0, (), ())


numbers = st.integers(0, 7)


@given(st.dictionaries(numbers, st.lists(numbers, max_size=4)), numbers)
def test_a_circle_is_found_where_there_is_one_and_is_one(
    drawn: dict[int, list[int]], start: int
) -> None:
    edges = {uuid.UUID(int=k): [uuid.UUID(int=v) for v in vs] for k, vs in drawn.items()}
    task = uuid.UUID(int=start)
    reached, to_visit = set(), [task]
    while to_visit:
        for upstream in edges.get(to_visit.pop(), ()):
            if upstream not in reached:
                reached.add(upstream)
                to_visit.append(upstream)
    circle = find_circle(edges, task)
    assert (circle is not None) == (task in reached)
    if circle is not None:
        assert circle[0] == circle[-1] == task
        assert all(b in edges[a] for a, b in pairwise(circle))
