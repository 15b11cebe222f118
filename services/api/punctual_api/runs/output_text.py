"""Output as text for pages: streams kept apart, markup escaped."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from punctual.domain.runs.output import plain_text
from punctual.store.schema.models import LiveOutput, Output
from punctual_api.runs.output import pieces

SHOWN_BYTES = 256 * 1024
"""A page shows this much of a longer output, its end; the raw links have the rest."""


@dataclass(frozen=True, slots=True)
class ShownOutput:
    """Pieces of text in the order written, each with its kind: out, err or left-out.

    `size` is how many bytes were written, `shortened` whether pieces show only their end.
    """

    attempt: int
    size: int
    pieces: list[tuple[str, str]]
    shortened: bool
    live: bool


def shown_output(output: Output | LiveOutput, *, size: int) -> ShownOutput:
    """Return an attempt's output for a page; `size` bytes were written, stored or not."""
    left_out = max(size - len(output.data), 0)
    shortened = len(output.data) > SHOWN_BYTES
    start = max(len(output.data) - SHOWN_BYTES, 0)
    parts = _texts(output, start=start, left_out=left_out)
    merged = [
        (kind, "".join(text for _, text in texts)) for kind, texts in groupby(parts, lambda t: t[0])
    ]
    shown = [piece for piece in merged if piece[1]]
    return ShownOutput(output.attempt, size, shown, shortened, isinstance(output, LiveOutput))


def _texts(output: Output | LiveOutput, *, start: int, left_out: int) -> Iterator[tuple[str, str]]:
    # Each stream has a decoder of its own: the other one may write between a character's bytes.
    decoders = {stream: codecs.getincrementaldecoder("utf-8")("replace") for stream in KINDS}
    cut_marked = not left_out
    for offset, piece, stream in pieces(output):
        if not cut_marked and offset >= output.head_bytes:
            cut_marked = True
            yield "left-out", f"\n[… {left_out} bytes left out …]\n"
        wanted = piece[max(start - offset, 0) :]
        if wanted:
            yield KINDS[stream], plain_text(decoders[stream].decode(wanted))
    for stream, decoder in decoders.items():
        yield KINDS[stream], plain_text(decoder.decode(b"", final=True))
    if not cut_marked:
        yield "left-out", f"\n[… {left_out} bytes left out …]\n"


KINDS = {"stdout": "out", "stderr": "err"}
