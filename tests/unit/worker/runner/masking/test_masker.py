"""What is masked is the same however the stream is cut, and it is every byte of every pattern."""

import itertools
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from punctual_worker.runner.masking import masker as masker_module
from punctual_worker.runner.masking.masker import MASK, Patterns, StreamMasker

# Few letters, so that patterns overlap, repeat themselves and begin in vain.
FEW = st.binary(min_size=0, max_size=60).map(lambda raw: bytes(97 + byte % 3 for byte in raw))
PATTERN = st.one_of(
    st.binary(min_size=4, max_size=6),
    st.binary(min_size=7, max_size=30),
).map(lambda raw: bytes(97 + byte % 3 for byte in raw))
PATTERNS = st.lists(PATTERN, min_size=1, max_size=5)


def masked_whole(patterns: list[bytes], stream: bytes) -> bytes:
    """The stream with each stretch of bytes that belong to patterns replaced: byte by byte."""
    covered = [False] * len(stream)
    for pattern in patterns:
        for at in range(len(stream) - len(pattern) + 1):
            if stream[at : at + len(pattern)] == pattern:
                covered[at : at + len(pattern)] = [True] * len(pattern)
    groups = itertools.groupby(zip(covered, stream, strict=True), key=lambda pair: pair[0])
    return b"".join(
        MASK if is_covered else bytes(byte for _, byte in run) for is_covered, run in groups
    )


def masked(patterns: list[bytes], chunks: list[bytes]) -> bytes:
    masker = StreamMasker(Patterns(patterns))
    return b"".join([*(masker.feed(chunk) for chunk in chunks), masker.finish()])


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Patterns, and chunks in which whole patterns and parts of them stand."""
    patterns = draw(PATTERNS)
    part = st.one_of(
        FEW,
        st.sampled_from(patterns),
        st.sampled_from(patterns).flatmap(
            lambda pattern: st.integers(1, len(pattern)).map(lambda size: pattern[:size])
        ),
    )
    stream = b"".join(draw(st.lists(part, max_size=12)))
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    ends = [0, *cuts, len(stream)]
    return patterns, [stream[a:b] for a, b in itertools.pairwise(ends)]


@given(streams())
@example(([b"aaaa"], [b"aaa", b"aaab"]))
@example(([b"abcdefg", b"cdefghi"], [b"xabcdef", b"ghiy"]))
@example(([b"abcdefgabc"], [b"abcdefgabcdefgabc"]))
def test_every_split_of_a_stream_is_masked_as_the_whole(
    case: tuple[list[bytes], list[bytes]],
) -> None:
    patterns, chunks = case
    assert masked(patterns, chunks) == masked_whole(patterns, b"".join(chunks))


@given(streams())
def test_a_stream_in_single_bytes_is_masked_as_the_whole(
    case: tuple[list[bytes], list[bytes]],
) -> None:
    patterns, chunks = case
    stream = b"".join(chunks)
    single = [stream[at : at + 1] for at in range(len(stream))]
    assert masked(patterns, single) == masked_whole(patterns, stream)


@given(streams())
def test_what_is_returned_early_is_a_beginning_of_the_whole(
    case: tuple[list[bytes], list[bytes]],
) -> None:
    patterns, chunks = case
    masker = StreamMasker(Patterns(patterns))
    early = b"".join(masker.feed(chunk) for chunk in chunks)
    whole = masked_whole(patterns, b"".join(chunks))
    assert whole.startswith(early)
    assert len(b"".join(chunks)) - len(early) < 60 * 12


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=64))
def test_bytes_of_any_kind_are_masked(stream: bytes, pattern: bytes) -> None:
    surrounded = stream + pattern + stream
    assert masked([pattern], [surrounded]) == masked_whole([pattern], surrounded)


def test_nothing_is_kept_back_that_begins_no_pattern() -> None:
    masker = StreamMasker(Patterns([b"correct-horse"]))
    assert masker.feed(b"all of it\n") == b"all of it\n"
    assert masker.feed(b"so far: corr") == b"so far: "
    assert masker.feed(b"ect\n") == b"correct\n"
    assert masker.finish() == b""


@pytest.mark.parametrize("size", [1, 7, 4096, 65536])
def test_a_long_stream_of_nothing_else_is_one_mask(size: int) -> None:
    for pattern in (b"aaaa", b"abab", b"a" * 64, b"correct-horse"):
        stream = pattern * ((4096 if size == 1 else 65536) // len(pattern))
        chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert masked([pattern], chunks) == MASK


def test_an_output_that_was_made_to_be_slow_is_masked_whole_and_shows_no_end_of_a_secret() -> None:
    patterns = [b"aaaaaaa%dz" % number for number in range(2000)]
    masker = StreamMasker(Patterns(patterns))
    began = time.process_time()
    shown = masker.feed(b"a" * 65536)
    assert time.process_time() - began < 0.5
    assert shown == MASK
    assert masker.feed(b"17z and more\n") == b" and more\n"
    assert masker.feed(b"line\n") + masker.finish() == b"line\n"


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_look_ups_that_are_used_up_leave_nothing_unmasked(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(masker_module, "MOST_LOOKUPS", 2)
    patterns = [b"aaaaaaaa-secret", b"abcd"]
    stream = b"start " + (b"a" * 20 + b"-secret abcdabcd ") * 5 + b" end"
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    shown = masked(patterns, chunks)
    assert b"secret" not in shown
    assert b"abcd" not in shown
    assert shown.endswith((b" end", MASK))
