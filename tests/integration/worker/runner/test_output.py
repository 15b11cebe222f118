"""What is kept of a command's output."""

import sys

import pytest

from tests.integration.worker.runner.harness import Stage, in_seconds


def test_both_streams_are_kept_in_the_order_they_were_written(stage: Stage) -> None:
    ended = stage.run("echo one; echo two >&2; echo three")
    assert ended.stream(1) == b"one\nthree\n"
    assert ended.stream(2) == b"two\n"
    assert sum(length for _, length in ended.segments) == len(ended.output) == ended.output_bytes
    assert (ended.truncated, ended.gap_at) == (False, None)


def test_what_was_written_first_comes_first(stage: Stage) -> None:
    commands = ("echo first >&2; echo second", "echo first; echo second >&2")
    at_ns = in_seconds(0.3)  # the one half starts from shells that wait for it
    keys = [stage.start(command, at_ns=at_ns) for command in commands * 25]
    keys += [stage.start(command) for command in commands * 25]
    assert {stage.ended(key).output for key in keys} == {b"first\nsecond\n"}


# Writes to the one stream when what it wrote to the other was read.
IN_TURNS = """
import fcntl, os, termios
for i in range(20):
    for stream in (1, 2):
        os.write(stream, b"%d of %d\\n" % (i, stream))
        while any(fcntl.ioctl(stream, termios.FIONREAD, bytes(4))):
            os.sched_yield()
"""


def test_what_is_written_after_the_last_was_read_comes_after_it(stage: Stage) -> None:
    ended = stage.run(argv=(sys.executable, "-I", "-c", IN_TURNS))
    lines = [b"%d of %d\n" % (i, stream) for i in range(20) for stream in (1, 2)]
    assert ended.output == b"".join(lines)


def test_nothing_of_mixed_streams_is_lost_or_reordered_within_one(stage: Stage) -> None:
    ended = stage.run("for i in $(seq 2000); do echo $i; echo $i >&2; done")
    numbers = b"".join(b"%d\n" % i for i in range(1, 2001))
    assert (ended.stream(1), ended.stream(2)) == (numbers, numbers)


def test_any_bytes_are_only_bytes(stage: Stage) -> None:
    ended = stage.run(r"printf 'a\000b\377\376\r\n'; printf '\000' >&2")
    assert ended.stream(1) == b"a\0b\xff\xfe\r\n"
    assert ended.stream(2) == b"\0"


def test_output_up_to_the_limit_is_whole(stage: Stage) -> None:
    ended = stage.run("head -c 1000 /dev/zero", output_limit=1000)
    assert (ended.output, ended.truncated) == (bytes(1000), False)


def test_beyond_the_limit_the_first_and_the_last_half_are_kept(stage: Stage) -> None:
    ended = stage.run("seq 1 100000", output_limit=1000)
    whole = b"".join(b"%d\n" % i for i in range(1, 100001))
    assert ended.output == whole[:500] + whole[-500:]
    assert (ended.truncated, ended.gap_at, ended.output_bytes) == (True, 500, len(whole))


def test_a_limit_of_nothing_keeps_nothing_and_counts_all(stage: Stage) -> None:
    ended = stage.run("echo hello", output_limit=0)
    assert (ended.output, ended.segments, ended.truncated) == (b"", (), True)
    assert ended.output_bytes == 6


def test_a_line_of_a_hundred_megabytes_is_read_to_its_end(stage: Stage) -> None:
    size = 100_000_000
    ended = stage.run(f"head -c {size} /dev/zero | tr '\\0' x; echo end")
    assert ended.output_bytes == size + 4
    assert ended.output.endswith(b"xend\n")
    assert len(ended.output) == 100_000


@pytest.mark.parametrize("quiet", ["echo calm", "exec >&2; echo calm"])
def test_endless_output_starves_no_other_and_stays_in_bounds(stage: Stage, quiet: str) -> None:
    flood = stage.start("exec yes", timeout_s=600)
    stage.started(flood)
    for _ in range(20):
        assert stage.run(quiet).output == b"calm\n"
    assert not stage.has_ended(flood)

    stage.client.stop(flood, "enough")
    ended = stage.ended(flood)
    assert len(ended.output) == 100_000
    assert ended.output_bytes > 1_000_000


def test_output_written_just_before_the_end_is_not_lost(stage: Stage) -> None:
    whole_pipe = "import fcntl, os; fcntl.fcntl(1, 1031, 1 << 20); os.write(1, bytes(1 << 20))"
    keys = [stage.start(argv=(sys.executable, "-I", "-c", whole_pipe)) for _ in range(8)]
    assert {stage.ended(key).output_bytes for key in keys} == {1 << 20}


def test_a_program_that_writes_to_a_closed_pipe_ends(stage: Stage) -> None:
    ended = stage.run("yes | head -n 1")
    assert (ended.output, ended.exit_code) == (b"y\n", 0)
