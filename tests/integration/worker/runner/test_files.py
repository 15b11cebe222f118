"""A file that comes with an order: there for the command, private, and gone with the attempt."""

from pathlib import Path

from tests.integration.worker.runner.harness import Stage
from tests.support.eventually import eventually


def files(work_dir: Path) -> list[Path]:
    return list(work_dir.glob("*/*.file"))


def test_the_file_is_the_last_argument_and_holds_every_byte(stage: Stage) -> None:
    content = "line one\n'two' \"three\" $FOUR é\n" * 1000
    key = stage.start(argv=("/bin/cat",), file=content, output_limit=10**6)
    assert stage.ended(key).stream(1).decode() == content


def test_it_is_gone_with_its_attempt_also_when_that_never_started(stage: Stage) -> None:
    stage.ended(stage.start(argv=("/bin/sh",), file="true"))
    stage.ended(stage.start(argv=("/bin/sh",), file='rm "$0"'))
    stage.ended(stage.start(argv=("/no/such/program",), file="true"))
    later = stage.start(argv=("/bin/sh",), file="true", at_ns=2**62)
    assert eventually(lambda: len(files(stage.work_dir))) == 1
    stage.client.stop(later, "cancelled")
    stage.ended(later)
    assert eventually(lambda: not files(stage.work_dir))


def test_home_stays_empty(stage: Stage) -> None:
    key = stage.start(argv=("/bin/sh",), file='ls -A "$HOME"; pwd')
    written = stage.ended(key).stream(1).decode().splitlines()
    assert len(written) == 1


def test_a_directory_in_its_place_does_not_end_the_runner(stage: Stage) -> None:
    stage.ended(stage.start(argv=("/bin/sh",), file='rm "$0"; mkdir "$0"'))
    assert stage.ended(stage.start(argv=("/bin/echo", "on"))).stream(1) == b"on\n"
