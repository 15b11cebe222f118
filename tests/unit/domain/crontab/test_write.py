"""Crontabs as they are written: what cron would do is what the task does."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punctual.domain.crontab.command import LONGEST_COMMAND, split_percent, wrap
from punctual.domain.crontab.write import TaskToWrite, write_crontab
from tests.unit.domain.crontab.test_read import as_task, entries


def sh(command: str, *, stdin: bytes = b"") -> bytes:
    return subprocess.run(["/bin/sh", "-c", command], input=stdin, capture_output=True).stdout  # noqa: PLW1510


@pytest.mark.parametrize("rest", [r"cat%a%b\%c%%d e'f", r"cat%STDIN%x", r"cat # x%y", "cat%"])
def test_a_wrapped_command_reads_its_input_to_the_byte(rest: str) -> None:
    command, stdin = split_percent(rest)
    assert stdin is not None
    assert sh(wrap(command, stdin=stdin), stdin=b"not this") == stdin.encode()


def test_another_shell_runs_the_command() -> None:
    [(line, entry)] = entries("SHELL=/bin/bash\n* * * * * [[ $0 == *bash ]] && echo it is\n")
    assert line.notes == ()
    assert sh(entry.command) == b"it is\n"


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.sampled_from(["a b", "it's", r"\n \\ \t", "5%", '"x"', "", r"end\ "]),
        min_size=1,
        max_size=4,
    )
)
def test_a_command_of_several_lines_is_exported_with_the_same_effect(parts: list[str]) -> None:
    command = "\n".join(f"printf '%s\\n' {quoted(part)}" for part in parts)
    task = TaskToWrite("n", command, {"cron": "* * * * *"}, {"A": "1\n2"}, "/tmp")
    line = write_crontab([task], timezone="UTC").splitlines()[-1]
    assert not line.startswith("#")
    run, stdin = split_percent(line.split(" ", 5)[5])
    assert sh(f'{run}\necho "$A"; pwd', stdin=(stdin or "").encode()).startswith(sh(command))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def test_environment_and_directory_go_with_an_exported_command() -> None:
    task = TaskToWrite(
        "n", 'echo "$A 50%"; pwd', {"cron": "* * * * *"}, {"A": "it's 5%"}, "/usr/bin"
    )
    line = write_crontab([task], timezone="UTC").splitlines()[-1]
    command, stdin = split_percent(line.split(" ", 5)[5])
    assert stdin is None
    assert sh(command) == b"it's 5% 50%\n/usr/bin\n"


@pytest.mark.parametrize(
    ("changed", "comment"),
    [
        ({"schedule": None}, "by hand only"),
        ({"schedule": {"every": 300}}, "an interval"),
        ({"schedule": {"at": "2026-01-01T00:00:00Z"}}, "a single time"),
        ({"schedule": [{"cron": "* * * * *"}, {"cron": "0 0 * * *"}]}, "several schedules"),
        ({"schedule": {"cron": "* * * * *", "end": "2026-01-01T00:00:00Z"}}, "an end"),
        ({"schedule": {"cron": "* * * * *", "timezone": "Europe/Rome"}}, "Europe/Rome"),
        ({"schedule": {"cron": "0 0 L * *"}}, 'does not know "L"'),
        ({"schedule": {"cron": "0 0 * * MON#1"}}, 'does not know "MON#1"'),
        ({"beyond": ("It is paused.",)}, "It is paused."),
        ({"command": "x" * (LONGEST_COMMAND + 1)}, "longer than 998 bytes"),
    ],
)
def test_what_cron_cannot_express_becomes_a_comment_with_the_reason(
    changed: dict[str, object], comment: str
) -> None:
    [(_, entry)] = entries("@daily echo\n")
    text = write_crontab([as_task(entry, name="two\nlines", **changed)], timezone="UTC")
    assert entries(text) == []
    assert "# Left out: two lines\n" in text
    assert comment in text


@pytest.mark.parametrize(
    ("cron", "written"),
    [("5/10 * * * *", "5-59/10 * * * *"), ("0 0 * JUL *", "0 0 * JUL *"), ("@weekly", "0 0 * * 0")],
)
def test_fields_are_written_as_debians_cron_takes_them(cron: str, written: str) -> None:
    task = TaskToWrite("n", "echo", {"cron": cron}, {}, None)
    assert write_crontab([task], timezone="UTC").splitlines()[-1] == f"{written} echo"
