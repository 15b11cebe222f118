"""The output of an attempt that uses secrets: masked before it is stored, counted or sent."""

from __future__ import annotations

from punctual_worker.runner.attempts.output_buffer import OutputBuffer
from punctual_worker.runner.masking.forms import forms_of
from punctual_worker.runner.masking.masker import Patterns, StreamMasker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class MaskedOutput(OutputBuffer):
    """An output buffer whose streams are masked, each for itself; sizes are those of what shows."""

    __slots__ = ("_maskers",)

    def __init__(self, limit: int, patterns: Patterns) -> None:
        super().__init__(limit)
        self._maskers = {stream: StreamMasker(patterns) for stream in (1, 2)}

    def add(self, stream: int, data: bytes | memoryview) -> None:
        """Append what was read from a stream, as far as it is decided what of it is masked."""
        if masked := self._maskers[stream].feed(bytes(data)):
            super().add(stream, masked)

    def finish(self) -> None:
        """Append what was kept back as the possible beginning of a secret."""
        for stream, masker in self._maskers.items():
            if rest := masker.finish():
                super().add(stream, rest)


def output_of(limit: int, secrets: Iterable[str]) -> OutputBuffer:
    """Return the output buffer of an attempt that uses these secrets."""
    return MaskedOutput(limit, Patterns(forms_of(secrets)))
