"""Output as a page shows it."""

from punctual.store.schema.models import Output
from punctual_api.runs.output_text import SHOWN_BYTES, shown_output


def output(*parts: bytes, head: int | None = None) -> Output:
    """Parts by turns of stdout and stderr."""
    data = b"".join(parts)
    segments = [len(part) if number % 2 == 0 else -len(part) for number, part in enumerate(parts)]
    return Output(
        attempt=1, data=data, segments=segments, head_bytes=len(data) if head is None else head
    )


def shown(*parts: bytes, head: int | None = None, size: int | None = None) -> list[tuple[str, str]]:
    made = output(*parts, head=head)
    return shown_output(made, size=len(made.data) if size is None else size).pieces


def test_streams_stay_apart_and_in_order() -> None:
    assert shown(b"one\n", b"two\n", b"three\n") == [
        ("out", "one\n"),
        ("err", "two\n"),
        ("out", "three\n"),
    ]


def test_a_character_split_by_the_other_stream_is_whole_again() -> None:
    assert shown(b"caf\xc3", b"!", b"\xa9") == [("out", "caf"), ("err", "!"), ("out", "é")]


def test_bytes_that_are_no_text_are_replaced_and_controls_shown() -> None:
    assert shown(b"a\xffb\x00c\x07\td\xe2\x82") == [("out", "a\ufffdb\u2400c\u2407\td\ufffd")]


def test_colours_of_a_terminal_are_left_out() -> None:
    assert shown(b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07end") == [("out", "red end")]


def test_what_was_cut_is_marked_in_its_place() -> None:
    assert shown(b"headtail", head=4, size=108) == [
        ("out", "head"),
        ("left-out", "\n[… 100 bytes left out …]\n"),
        ("out", "tail"),
    ]


def test_a_page_shows_the_end_of_a_long_output() -> None:
    made = shown_output(output(b"first" + b"x" * SHOWN_BYTES), size=SHOWN_BYTES + 5)
    assert made.shortened
    assert [(kind, len(text)) for kind, text in made.pieces] == [("out", SHOWN_BYTES)]


def test_silence_has_no_pieces() -> None:
    assert shown() == []
