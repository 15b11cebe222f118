"""What is read as one plain program is what the shell would have made of it."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punctual_worker.runner.launch.command_words import SHELL_WORDS, read_words
from punctual_worker.runner.launch.shell import is_shell_command
from tests.support.shell import is_dash

# Anything that a shell reads in a special way, and letters that it does not.
COMMANDS = st.text(alphabet="ab/.-_=:1 '\"\t\n$`\\*?~#;&|<>(){}[]!%@,+^é", max_size=20)


def words(command: str, *names: str) -> list[str] | None:
    return read_words(command, names)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("ls", ["ls"]),
        (" pg_dump\t--file=/a/b.sql  shop \n", ["pg_dump", "--file=/a/b.sql", "shop"]),
        ("./run 'two words' \"it's\" ''", ["./run", "two words", "it's", ""]),
        ("x a'b'\"c\"d", ["x", "abcd"]),
        ("x '$HOME;' \"*\" '#\n'", ["x", "$HOME;", "*", "#\n"]),
    ],
)
def test_a_plain_program_is_read_as_its_words(command: str, expected: list[str]) -> None:
    assert words(command) == expected


LEFT = ["", " ", "ls;", "ls\nls", "ls *", "ls $x", 'ls "$x"', "ls 'x", 'ls "\\""', "ls >x", "a=b c"]
LEFT += ["'ls'", "-x", "~/x", "x ~", "x {a,b}", "x #", "x !", "x \\", "x\0", "cd x", "echo", "x é"]


@pytest.mark.parametrize("command", LEFT)
def test_what_a_shell_has_to_interpret_is_left_to_it(command: str) -> None:
    assert words(command) is None


def test_other_interpreters_and_options_are_not_read() -> None:
    assert is_shell_command(["/bin/sh", "-c", "ls"])
    assert not is_shell_command(["/bin/sh", "-e", "ls"])
    assert not is_shell_command(["/bin/bash", "-c", "ls"])
    assert not is_shell_command(["/bin/sh", "-c", "ls", "x"])


@pytest.mark.parametrize("name", ["IFS", "OPTIND", "PPID", "PWD", "a.b", "1", "é", ""])
def test_a_variable_that_the_shell_would_change_or_drop_needs_it(name: str) -> None:
    assert words("ls", "HOME", "X_1") == ["ls"]
    assert words("ls", name) is None


def test_reading_takes_no_longer_for_what_is_nearly_plain() -> None:
    assert words("x " + "a" * 500_000 + "$") is None
    assert words("x " + "'" * 500_001) is None


@settings(max_examples=400, deadline=None)
@given(COMMANDS)
def test_words_are_those_of_the_shell(tail: str) -> None:
    found = words(f"x{tail}")
    if found is None:
        return
    shown = subprocess.run(
        ["/bin/sh", "-c", f"/usr/bin/printf '%s\\0' x{tail}"], capture_output=True, check=True
    )
    assert shown.stdout.decode().split("\0")[:-1] == found


def test_every_word_that_means_something_to_the_shell_itself_is_known() -> None:
    assert is_dash()
    programs = {file.name for folder in ("/bin", "/usr/bin") for file in Path(folder).iterdir()}
    names = sorted(
        name for name in programs | SHELL_WORDS if words(f"{name} x") or name in SHELL_WORDS
    )
    queries = "".join(f"command -V '{name}' 2>&1\n" for name in names)
    answers = subprocess.run(
        ["/bin/sh", "-s"], input=queries.encode(), capture_output=True, check=False
    )
    lines = answers.stdout.decode().splitlines()
    assert len(lines) == len(names)
    inside = {
        name
        for name, line in zip(names, lines, strict=True)
        if line.endswith(("shell builtin", "shell keyword"))
    }
    assert len(inside) > 50
    assert inside <= SHELL_WORDS
