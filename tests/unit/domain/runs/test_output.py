"""Output as people read it."""

from punctual.domain.runs.output import first_new_line, last_lines


def lines(data: bytes, most: int = 20) -> tuple[str, ...]:
    """The last lines."""
    return last_lines(data, most=most, longest=20)


def test_the_last_lines_are_those_with_something_in_them() -> None:
    assert lines(b"a\nb\n\n  \nc\n", most=2) == ("b", "c")


def test_a_progress_bar_is_its_last_state() -> None:
    assert lines(b"10%\r50%\r100%\r\ndone") == ("100%", "done")


def test_colours_go_and_other_controls_show() -> None:
    assert lines(b"\x1b[31mred\x1b[0m \x07\x00") == ("red ␇␀",)


def test_a_character_that_is_cut_does_no_harm() -> None:
    assert lines("é".encode()[1:] + b"a") == ("\ufffda",)


def test_a_long_line_is_cut() -> None:
    assert lines(b"x" * 100) == ("x" * 19 + "…",)


def test_what_turns_the_direction_of_text_is_left_out() -> None:
    assert lines("a\u202eb".encode()) == ("ab",)


def test_the_first_new_line_is_one_that_was_not_there_before() -> None:
    before = b"2026-11-28 start\nread 100 rows\ndone in 0x7f\n"
    now = b"2026-11-29 start\nread 2 rows\nerror: disk full\ngiving up\n"
    assert first_new_line(now, before, longest=100) == "error: disk full"


def test_other_numbers_are_no_new_line() -> None:
    assert first_new_line(b"took 12 s, id 9f3a\n", b"took 9 s, id 01ee\n", longest=100) is None
