"""Crontabs: read as Debian's cron reads them, and written so that it accepts them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from punctual.domain.crontab.command import join_percent, split_percent, unwrap, wrap
from punctual.domain.crontab.read import CrontabEntry, CrontabLine, LineKind, read_crontab
from punctual.domain.crontab.write import TaskToWrite, write_crontab
from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.syntax import due_times, parse_schedule

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)

# The example file of Debian's crontab(5) and the fields its text explains, as facts to hold to.
EXAMPLES = r"""
# use /bin/sh to run commands, no matter what /etc/passwd says
SHELL=/bin/sh
# mail any output to `paul', no matter whose crontab this is
MAILTO=paul
#
# run five minutes after midnight, every day
5 0 * * *       $HOME/bin/daily.job >> $HOME/tmp/out 2>&1
# run at 2:15pm on the first of every month -- output mailed to paul
15 14 1 * *     $HOME/bin/monthly
# run at 10 pm on weekdays, annoy Joe
0 22 * * 1-5   mail -s "It's 10pm" joe%Joe,%%Where are your kids?%
23 0-23/2 * * * echo "run 23 minutes after midn, 2am, 4am ..., everyday"
5 4 * * sun     echo "run at 5 after 4 every sunday"
# Run once every 9th day, even across week, month, and year boundaries:
33 22 * * *     expr $(date +\%s) / 60 / 60 / 24 \% 9 > /dev/null || echo Wax the floor.

30 4 1,15 * 5 echo half a month, or a friday
0 0,2,4,6,8,10,12,14,16,18,20,22 * * * echo every other hour
0 */2 * * * echo every two hours
0 8-11 * * * echo a range
1,2,5,9 0-4,8-12 * * * echo lists
1-9/2 1-3,7-9 * * 7 echo stepped ranges
0 0 * JAN-MAR mon echo names
@hourly echo an hour
@daily echo a day
@midnight echo a night
@weekly echo a week
@monthly echo a month
@yearly echo a year
@annually echo a year as well
"""
SYSTEM = """
SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin

17 *	* * *	root	cd / && run-parts --report /etc/cron.hourly
25 6	* * *	root	test -x /usr/sbin/anacron || { run-parts --report /etc/cron.daily; }
47 6	* * 7	root	test -x /usr/sbin/anacron || { run-parts --report /etc/cron.weekly; }
52 6	1 * *	root	test -x /usr/sbin/anacron || { run-parts --report /etc/cron.monthly; }
"""
NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
NAMES = {
    name: str(place)
    for names, first in (
        ("sun mon tue wed thu fri sat", 0),
        ("jan feb mar apr may jun jul aug sep oct nov dec", 1),
    )
    for place, name in enumerate(names.split(), start=first)
}


def values(field: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        found |= set(range(int(first), int(last or first) + 1, int(step or 1)))
    return found


def oracle(line: str) -> Iterator[datetime]:
    """When cron runs a line: every minute of two years is asked about, by the words of the page."""
    for nickname, fields in NICKNAMES.items():
        line = re.sub(rf"^{nickname}\b", fields, line)
    texts = [re.sub("[a-z]+", lambda n: NAMES[n[0]], t.lower()) for t in line.split()[:5]]
    minutes, hours = values(texts[0], 0, 59), values(texts[1], 0, 23)
    days, months = values(texts[2], 1, 31), values(texts[3], 1, 12)
    weekdays = {day % 7 for day in values(texts[4], 0, 7)}
    either = not (texts[2].startswith("*") or texts[4].startswith("*"))
    day = START
    while day < END:
        of_month, of_week = day.day in days, day.isoweekday() % 7 in weekdays
        if day.month in months and ((of_month or of_week) if either else (of_month and of_week)):
            for minute in range(24 * 60):
                if minute // 60 in hours and minute % 60 in minutes:
                    yield day + timedelta(minutes=minute)
        day += timedelta(days=1)


def entries(text: str, *, system: bool = False) -> list[tuple[CrontabLine, CrontabEntry]]:
    return [(line, line.entry) for line in read_crontab(text, system=system) if line.entry]


def due(entry: CrontabEntry) -> list[datetime]:
    schedule = parse_schedule({"cron": entry.cron, "timezone": entry.timezone}, anchor=START)
    coming = due_times(schedule, after=START - timedelta(seconds=1)) if schedule else iter(())
    return list(takewhile(lambda at: at < END, coming))


def as_task(entry: CrontabEntry, **changed: object) -> TaskToWrite:
    given: dict[str, object] = {
        "name": entry.name or "a task",
        "command": entry.command,
        "schedule": {"cron": entry.cron, "timezone": entry.timezone},
        "env": entry.env,
        "working_dir": entry.working_dir,
    }
    return TaskToWrite(**{**given, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "system"), [(EXAMPLES, False), (SYSTEM, True)])
def test_every_example_is_imported_and_exported_to_the_same_due_times(
    text: str, system: bool
) -> None:
    originals = [line for line in text.splitlines() if re.match(r"[0-9*@]", line)]
    read = entries(text, system=system)
    assert len(read) == len(originals)
    exported = write_crontab([as_task(entry) for _, entry in read], timezone="UTC")
    written = [line for line in exported.splitlines() if re.match(r"[0-9*@]", line)]
    again = entries(exported)
    for original, (_, entry), line, (_, back) in zip(originals, read, written, again, strict=True):
        expected = list(oracle(original))
        assert due(entry) == expected, original
        assert list(oracle(line)) == expected, line
        assert due(back) == expected, line
        assert (back.name or "a task") == (entry.name or "a task")


def test_the_examples_keep_their_names_commands_and_input() -> None:
    read = [entry for _, entry in entries(EXAMPLES)]
    assert read[0].name == "run five minutes after midnight, every day"
    assert read[0].command == "$HOME/bin/daily.job >> $HOME/tmp/out 2>&1"
    assert read[0].mailto == "paul"
    assert read[3].name is None
    assert unwrap(read[2].command)[1] == "Joe,\n\nWhere are your kids?\n"
    assert "24 % 9" in read[5].command


@pytest.mark.parametrize(
    ("rest", "command", "stdin"),
    [
        ("plain", "plain", None),
        (r"date +\%s", "date +%s", None),
        (r"a\b\\%c", "a\\b\\", "c\n"),
        ("cat%", "cat", ""),
        ("cat%a%b", "cat", "a\nb\n"),
        ("cat%a%b%", "cat", "a\nb\n"),
        ("cat%%", "cat", "\n"),
        (r"cat%5\% off", "cat", "5% off\n"),
    ],
)
def test_percent_signs_part_a_command_from_its_input(
    rest: str, command: str, stdin: str | None
) -> None:
    assert split_percent(rest) == (command, stdin)


LINE_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r"), max_size=20)
CRONTAB_TEXT = st.text(alphabet="ab%\\ '\"$", max_size=20)


@given(LINE_TEXT | CRONTAB_TEXT, st.none() | st.lists(LINE_TEXT | CRONTAB_TEXT).map("\n".join))
def test_what_is_joined_is_parted_again(command: str, stdin: str | None) -> None:
    if stdin:
        stdin += "\n"
    joined = join_percent(command, stdin)
    assume(joined is not None)
    assert split_percent(joined or "") == (command, stdin)


@given(LINE_TEXT | CRONTAB_TEXT, st.none() | st.lists(LINE_TEXT | CRONTAB_TEXT).map("\n".join))
def test_what_is_wrapped_is_unwrapped_again(command: str, stdin: str | None) -> None:
    assume(command.strip())
    if stdin:
        stdin += "\n"
    wrapped = wrap(command, stdin=stdin)
    assert unwrap(wrapped) == (command, stdin) or stdin is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("@reboot echo up", "no machine's start"),
        ("61 * * * * echo", '"61" is no minute'),
        ("* * * * *", "no command"),
        ("hello", "five time fields"),
        ("* * 30 2 * echo", "No date ever matches"),
        ("* * * * * %input", "no command"),
        ("9A=b", "no name of a variable"),
        ("CRON_TZ=Mars/Olympus", "Mars/Olympus"),
        ("MAILTO=", "quotes around an empty value"),
        ("CRON_TZ=Europe/Rome 0 2 * * * echo", "on a line of its own"),
        ("0 0 * * FRI-MON echo", "from low to high"),
        ("* * * * * *echo", "begins with a star"),
        ("0 */5 * * * * echo", "sixth time field"),
    ],
)
def test_a_line_that_is_not_understood_says_why_and_stops_no_other(line: str, reason: str) -> None:
    first, second = read_crontab(f"{line}\n@daily echo\n")
    assert first.kind == LineKind.FAULT
    assert reason in first.notes[0]
    assert second.entry is not None


def test_variables_hold_for_the_lines_below() -> None:
    text = "A=1\n@daily a\nA = ' 2 '\nB=two words  \nHOME=/srv\n@daily b\n"
    [(_, first), (_, second)] = entries(text)
    assert first.env == {"A": "1"}
    assert second.env == {"A": " 2", "B": "two words", "HOME": "/srv"}
    assert (first.working_dir, second.working_dir) == (None, "/srv")


def test_a_crontabs_own_time_zone_holds_for_the_lines_below() -> None:
    text = "@daily a\nCRON_TZ=Europe/Rome\n@daily b\nCRON_TZ=''\nTZ=Asia/Tokyo\n@daily c\n"
    read = [line.entry.timezone for line in read_crontab(text, timezone="Asia/Tokyo") if line.entry]
    assert read == ["Asia/Tokyo", "Europe/Rome", "Asia/Tokyo"]
    with pytest.raises(InvalidSchedule):
        list(read_crontab("", timezone="Nowhere"))


def test_a_system_crontab_names_a_user_before_the_command() -> None:
    [(line, entry)] = entries("5 * * * *\troot   echo a  b\n", system=True)
    assert (entry.user, entry.command) == ("root", "echo a  b")
    assert "User root" in line.notes[0]


@given(st.text(max_size=200) | st.lists(LINE_TEXT).map("\n".join), st.booleans())
def test_no_text_is_too_odd_to_be_read(text: str, system: bool) -> None:
    lines = list(read_crontab(text, system=system))
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert "\n".join(line.text for line in lines) == text.removesuffix("\n")
