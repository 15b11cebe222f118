"""Frames survive any way a stream is cut."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.ops import json_text
from punctual_worker.runner.protocol import wire
from punctual_worker.runner.protocol.wire import LENGTHS, MAX_HEADER, BadFrameError, Frames, pack

Write = Callable[[dict[str, Any]], bytes]
Read = Callable[[bytearray], object]

texts = st.text(st.characters(codec=None), max_size=8)


@given(
    sent=st.lists(st.tuples(st.dictionaries(texts, texts, max_size=3), st.binary(max_size=20))),
    portion=st.integers(1, 64),
)
@pytest.mark.parametrize("write", [wire.write, json_text.written])
@pytest.mark.parametrize("read", [wire.read, json_text.read])
def test_frames_arrive_as_they_were_sent(
    sent: list[tuple[dict[str, str], bytes]], portion: int, write: Write, read: Read
) -> None:
    stream = b"".join(pack(header, body, write=write) for header, body in sent)
    frames = Frames(read)
    arrived = []
    for at in range(0, len(stream), portion):
        frames.feed(stream[at : at + portion])
        while (frame := frames.next()) is not None:
            arrived.append(frame)
    assert arrived == sent


@pytest.mark.parametrize(
    "nonsense",
    [
        LENGTHS.pack(MAX_HEADER + 1, 0),
        LENGTHS.pack(0, 1 << 31),
        LENGTHS.pack(2, 0) + b"[]",
        LENGTHS.pack(2, 0) + b"{x",
        LENGTHS.pack(1, 0) + b"\xff",
        LENGTHS.pack(0, 0),
    ],
)
@pytest.mark.parametrize("read", [wire.read, json_text.read])
def test_what_cannot_be_a_frame_is_refused_at_once(nonsense: bytes, read: Read) -> None:
    frames = Frames(read)
    frames.feed(nonsense)
    with pytest.raises(BadFrameError):
        frames.next()
