"""What is stored of an endless stream."""

from hypothesis import given
from hypothesis import strategies as st

from punctual_worker.runner.attempts import output_buffer as module
from punctual_worker.runner.attempts.output_buffer import OutputBuffer

writes = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=12)), max_size=40)


def tagged(output: OutputBuffer) -> list[tuple[int, int]]:
    """Every stored byte with its stream."""
    tags = [stream for stream, length in output.segments() for _ in range(length)]
    return list(zip(tags, output.body(), strict=True))


@given(writes=writes, limit=st.integers(0, 60))
def test_head_and_tail_are_those_of_the_whole(writes: list[tuple[int, bytes]], limit: int) -> None:
    output = OutputBuffer(limit)
    whole = []
    for stream, data in writes:
        output.add(stream, data)
        whole += [(stream, byte) for byte in data]

    stored = tagged(output)
    tail = limit // 2
    head = limit - tail
    expected = whole if len(whole) <= limit else whole[:head] + whole[len(whole) - tail :]
    assert stored == expected
    assert output.total == len(whole)
    assert output.truncated == (len(whole) > limit)
    assert output.gap_at == (head if len(whole) > limit else None)


@given(writes=writes, limit=st.integers(0, 60), less=st.integers(0, 60))
def test_what_is_shrunk_keeps_its_ends(
    writes: list[tuple[int, bytes]], limit: int, less: int
) -> None:
    output = OutputBuffer(limit)
    for stream, data in writes:
        output.add(stream, data)
    before = tagged(output)
    cut = output.gap_at if output.gap_at is not None else len(before)
    output.shrink(less)

    after = tagged(output)
    at = output.gap_at if output.gap_at is not None else len(after)
    assert len(after) <= max(less, 0)
    assert after[:at] == before[:at]
    assert after[at:] == before[len(before) - (len(after) - at) :]
    assert at <= cut
    if after != before:
        assert output.truncated


def test_segments_are_merged_and_never_more_than_the_bound() -> None:
    output = OutputBuffer(1_000_000)
    for i in range(100_000):
        output.add(1 + i % 2, b"x")
    assert len(output.segments()) == 2 * module.SEGMENTS_PER_HALF
    assert output.truncated
    assert output.total == 100_000

    merged = OutputBuffer(100)
    for _ in range(50):
        merged.add(1, b"x")
    assert merged.segments() == [[1, 50]]
