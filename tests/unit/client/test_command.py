"""The command's rules: what is new of an output, YAML, exit codes, its page."""

from pathlib import Path

import pytest
import yaml

from punctual_client import (
    Changed,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotLoggedIn,
    Problem,
    PunctualError,
    ServerFault,
    TooManyRequests,
    Unreachable,
)
from punctual_client.command.follow import what_is_new
from punctual_client.command.reference_page import page
from punctual_client.command.refusals import exit_of
from punctual_client.command.shown import yaml_of

ROOT = Path(__file__).resolve().parents[3]
FAULTS = {"errors": [{"pointer": "/x", "detail": "y"}]}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unreachable("x"), 6),
        (NotFound(404, {}), 3),
        (NotLoggedIn(401, {}), 4),
        (Forbidden(403, {}), 4),
        (Conflict(409, {}), 5),
        (Changed(412, {}), 5),
        (Invalid(422, FAULTS), 2),
        (Invalid(422, {}), 1),
        (TooManyRequests(429, {}), 1),
        (ServerFault(500, {}), 1),
        (ServerFault(502, {}), 6),
        (ServerFault(503, {}), 6),
        (Problem(418, {}), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, PunctualError) else str(value),
)
def test_an_error_has_its_exit_code(error: PunctualError, code: int) -> None:
    assert exit_of(error) == code


@pytest.mark.parametrize(
    ("written", "output", "new"),
    [
        (b"", b"one\n", b"one\n"),
        (b"one\n", b"one\ntwo\n", b"two\n"),
        (b"one\n", b"one\n", b""),
        (b"ab" + b"x" * 300 + b"end", b"ab[left out]" + b"x" * 253 + b"end+new", b"+new"),
        (b"headold", b"head[left out]new", b"\n[left out]new"),
    ],
    ids=["first", "more", "none", "middle-left-out", "all-left-out"],
)
def test_only_what_is_new_of_an_output_is_written(
    written: bytes, output: bytes, new: bytes
) -> None:
    assert what_is_new(written, output) == new


@pytest.mark.parametrize(
    "document",
    [
        {"name": "ä", "command": "echo 1\n  echo 2\n", "n": None, "tags": []},
        {"a": "trailing \nblank ", "b": "yes", "c": "0 2 * * *", "d": "tab\there", "e": "\x1b"},
        {"text": "x" * 500, "lines": "\n\n", "number": "007", "date": "2026-11-29"},
    ],
)
def test_yaml_is_read_as_it_was_written(document: dict[str, object]) -> None:
    assert yaml.safe_load(yaml_of(document)) == document
    assert list(yaml.safe_load(yaml_of(document))) == list(document)


def test_a_script_is_written_line_by_line() -> None:
    assert yaml_of({"command": "echo 1\necho 2\n"}) == "command: |\n  echo 1\n  echo 2\n"


def test_the_page_shows_every_command() -> None:
    """After a change: `python -m punctual_client.command.reference_page docs/reference/cli.md`."""
    assert (ROOT / "docs" / "reference" / "cli.md").read_text() == page()
