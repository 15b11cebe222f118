"""Crontabs mean what Debian's cron makes of them: it is asked here, or was when it was recorded."""

import subprocess

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from punctual.domain.crontab.command import join_percent, split_percent, wrap
from punctual.domain.crontab.read import LineKind, read_crontab
from punctual.domain.crontab.write import TaskToWrite, write_crontab
from tests.support import debian_cron
from tests.unit.domain.crontab import crontab_cases

needs_cron = pytest.mark.skipif(
    not debian_cron.is_installed(), reason="needs Debian's cron, and root to isolate it"
)
RECORDED = crontab_cases.recorded()

# What cron takes and no task can be: a machine's start, dates and hours that never come, names that
# no shell has, a zone or an entry in a value.
TAKEN_BY_CRON_ALONE = {
    *("@reboot x", "5-3 * * * * x", "0 0 * * FRI-MON x", "0 0 * * sat-sun x", "* * 30 2 * x"),
    *("A'B=c", "=x", "9A=b", "@daily =x", "@daily = x", "A\u00a0=b"),
    "CRON_TZ=Europe/Rome 0 2 * * * x",
}
# What cron refuses and docs/guide/crontab.md accepts: byte order marks, carriage returns, length.
TAKEN_HERE_ALONE = {
    *("\ufeff* * * * * x", "\ufeff# comment", "\r"),
    *[line for line in crontab_cases.USER_LINES if line.endswith("x" * 999)],
}


def is_taken(line: str, *, system: bool = False) -> bool:
    return all(read.kind != LineKind.FAULT for read in read_crontab(f"{line}\n", system=system))


@needs_cron
def test_what_is_recorded_is_what_cron_says() -> None:
    assert crontab_cases.cases() == RECORDED


@pytest.mark.parametrize(
    ("line", "refused"), list(zip(crontab_cases.USER_LINES, RECORDED["user"], strict=True))
)
def test_a_users_line_is_taken_where_cron_takes_it(line: str, refused: str | None) -> None:
    if line in TAKEN_BY_CRON_ALONE | TAKEN_HERE_ALONE:
        assert (refused is None) is (line in TAKEN_BY_CRON_ALONE)
        assert is_taken(line) is (line in TAKEN_HERE_ALONE)
    else:
        assert is_taken(line) is (refused is None)


@pytest.mark.parametrize(
    ("line", "accepted"), list(zip(crontab_cases.SYSTEM_LINES, RECORDED["system"], strict=True))
)
def test_a_systems_line_is_taken_where_cron_takes_it(line: str, accepted: bool) -> None:
    if line == "* * * * * cd / && x":  # there might be a user "cd" on another machine
        [read] = read_crontab(f"{line}\n", system=True)
        assert "stands where the user belongs" in read.notes[1]
    else:
        assert is_taken(line, system=True) is accepted


@pytest.mark.parametrize(
    ("rest", "ran"), list(zip(crontab_cases.COMMANDS, RECORDED["commands"], strict=True))
)
def test_a_command_and_its_input_are_what_cron_runs(rest: str, ran: dict[str, str]) -> None:
    command, stdin = split_percent(rest)
    assert (command, stdin or "") == (ran["command"], ran["stdin"])


@pytest.mark.parametrize(
    ("lines", "env"), list(zip(crontab_cases.ENVIRONMENTS, RECORDED["environments"], strict=True))
)
def test_the_variables_of_a_command_are_those_that_cron_sets(
    lines: str, env: dict[str, str]
) -> None:
    entry = list(read_crontab(f"{lines}@daily x\n"))[-1].entry
    assert entry is not None
    of_the_machine = {"HOME": "/root", "LOGNAME": "root", "PATH": "/usr/bin:/bin"}
    assert {**of_the_machine, **entry.env} == env


# cron is asked about many at once, which takes it as long as one. A failure names its own case.
MANY = settings(
    max_examples=5,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SPACE = " \t\v\f\r"
CRON_TEXT = st.text(alphabet="ab%%%\\\\\\ '\"$#=*;\t\r", max_size=12)
ANY_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\n", exclude_categories=["Cs"]), max_size=20
)


def many(one: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(one, min_size=40, max_size=60)


def is_runnable(text: str) -> bool:
    """Whether cron takes it behind @reboot: with = in front, it would be a variable's value."""
    stripped = text.lstrip(" \t")
    return (
        stripped != ""
        and not stripped.startswith("*")
        and not stripped.lstrip(SPACE).startswith("=")
    )


@needs_cron
@MANY
@given(many((CRON_TEXT | ANY_TEXT).filter(is_runnable)))
def test_any_command_is_split_as_cron_splits_it(texts: list[str]) -> None:
    for text, ran in zip(texts, debian_cron.run(texts), strict=True):
        command, stdin = split_percent(text.lstrip(" \t"))
        assert (command, stdin or "") == (ran.command, ran.stdin), text


@needs_cron
@MANY
@given(
    st.lists(
        st.tuples(CRON_TEXT | ANY_TEXT, st.lists(CRON_TEXT, max_size=3)), min_size=40, max_size=60
    )
)
def test_cron_runs_what_is_joined(parts: list[tuple[str, list[str]]]) -> None:
    cases = []
    for command, lines in parts:
        stdin = "".join(f"{line}\n" for line in lines) if lines else None
        written = join_percent(command, stdin) if is_runnable(command) else None
        if written is not None and not written.startswith((" ", "\t")):
            cases.append((command, stdin, written))
    for (command, stdin, written), ran in zip(
        cases, debian_cron.run([written for *_, written in cases]), strict=True
    ):
        assert (ran.command, ran.stdin) == (command, stdin or ""), written


def exported(command: str) -> str:
    """The command of a task as it is written after the time fields, "" where it is left out."""
    task = TaskToWrite("n", command, {"cron": "0 2 * * *"}, {}, None)
    last = write_crontab([task], timezone="UTC").split("\n")[-2]
    return "" if last.startswith("#") else last.removeprefix("0 2 * * * ")


@needs_cron
@MANY
@given(many((CRON_TEXT | ANY_TEXT).filter(lambda text: text.strip(" \t\n") != "")))
def test_an_exported_command_is_run_by_cron_to_the_letter(commands: list[str]) -> None:
    lines = [exported(command) for command in commands]
    assert debian_cron.check([f"0 2 * * * {line}" for line in lines]) == [None] * len(lines)
    # Behind @reboot, a command may not begin with =, as it may behind five fields.
    cases = [(c, line) for c, line in zip(commands, lines, strict=True) if is_runnable(line)]
    for (command, _), ran in zip(cases, debian_cron.run([line for _, line in cases]), strict=True):
        assert ran.stdin == ""
        assert ran.command.removeprefix(":; ") == command.lstrip(" \t")


def handed_over(command: str) -> str:
    """What the shell within gets, or the command itself where one line is left of it."""
    shell = """/bin/sh -c "$(printf """
    if not command.startswith(shell):
        return command
    shown = f"printf %s {command.removeprefix('/bin/sh -c ')}"
    ran = subprocess.run(["/bin/sh", "-c", shown], stdout=subprocess.PIPE, check=True)
    return ran.stdout.decode()


SCRIPT = st.lists(CRON_TEXT, min_size=2, max_size=5).map("\n".join)


@needs_cron
@MANY
@given(many(SCRIPT.filter(lambda text: "\n" in text.strip(" \t\n"))))
def test_an_exported_command_of_several_lines_reaches_the_shell_to_the_letter(
    commands: list[str],
) -> None:
    lines = [exported(command) for command in commands]
    for command, ran in zip(commands, debian_cron.run(lines), strict=True):
        recovered = handed_over(ran.command).removeprefix(":; ")
        assert recovered.rstrip("\\\n") == command.lstrip(" \t\n").rstrip("\\\n"), command


@pytest.mark.parametrize(
    "end", ["", "\\", "\\\n", "\\\\\n", "\\\\\\\n\n", "\\\n\\\n", "\n\\\n\n", "\n# x\\\n"]
)
def test_backslashes_at_the_end_of_a_script_do_in_an_export_what_they_do_here(end: str) -> None:
    command = f"echo a\necho b{end}"
    line, stdin = split_percent(exported(command))
    assert stdin is None
    ran = [
        subprocess.run(["/bin/sh", "-c", text], stdout=subprocess.PIPE, check=True).stdout
        for text in (command, line)
    ]
    assert ran[0] == ran[1]


FIELD_TEXT = st.text(alphabet="0123456789*/,-#LWmonsunjan?@", max_size=7)
FIELD = st.sampled_from(["*", "*/2", "1", "1-5", "MON", "jan", "5-3", "7"]) | FIELD_TEXT
LINE = st.lists(FIELD, min_size=5, max_size=6).map(" ".join)
VARIABLE = st.text(alphabet="AB=='\" \t1", max_size=9)


@needs_cron
@MANY
@given(many(st.builds("{} x".format, LINE) | VARIABLE))
def test_any_line_is_taken_where_cron_takes_it(lines: list[str]) -> None:
    for line, refused in zip(lines, debian_cron.check(lines), strict=True):
        [read] = read_crontab(f"{line}\n")
        if refused is not None:
            assert read.kind == LineKind.FAULT, line
        elif read.kind == LineKind.FAULT:
            never_here = ("names no value", "No date ever", "no name of a variable", "no command")
            assert any(why in read.notes[0] for why in (*never_here, "@reboot")), line


@needs_cron
@MANY
@given(st.lists(st.tuples(VARIABLE, VARIABLE), min_size=40, max_size=60))
def test_any_variable_has_the_value_that_cron_gives_it(pairs: list[tuple[str, str]]) -> None:
    tables = [f"A{name}={value}\n@reboot root x\n" for name, value in pairs]
    taken = [
        table
        for table, ok in zip(tables, debian_cron.check_system(tables), strict=True)
        if ok and "'A" not in table and '"A' not in table
    ]
    for table, ran in zip(taken, debian_cron.run_system(taken), strict=True):
        [variable, entry] = read_crontab(table.replace("@reboot", "@daily"), system=True)
        if variable.kind == LineKind.VARIABLE:
            assert entry.entry is not None
            assert {name: ran.env.get(name) for name in entry.entry.env} == entry.entry.env, table


@given(CRON_TEXT.filter(is_runnable))
def test_a_wrapped_command_gives_its_shell_what_cron_would(text: str) -> None:
    command, stdin = split_percent(text.lstrip(" \t"))
    if stdin is None:
        return
    show = """printf '%s\\0' "$2"; cat"""
    wrapped = wrap(command, shell="/tmp/shell", stdin=stdin).replace(
        "/tmp/shell -c ", f"/bin/sh -c '{quoted(show)}' /tmp/shell -c ", 1
    )
    ran = subprocess.run(["/bin/sh", "-c", wrapped], stdout=subprocess.PIPE, check=True)
    assert ran.stdout.decode() == f"{command}\0{stdin}"


def quoted(text: str) -> str:
    return text.replace("'", "'\\''")
