"""New cron expressions are checked as strictly as by cron; a refusal says what to write."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.cron import cron_rule
from punctual.domain.schedules.cron_check import check_cron
from punctual.domain.schedules.new import parse_new_schedule
from punctual.domain.schedules.syntax import parse_schedule
from tests.support import debian_cron
from tests.unit.domain.strategies import expressions

ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)


def refusal(expression: str) -> str:
    with pytest.raises(InvalidSchedule) as refused:
        parse_new_schedule({"cron": expression}, anchor=ANCHOR)
    assert refused.value.pointer == "/schedule/cron"
    return refused.value.detail


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        *(
            (f"{name}=Europe/Rome 0 2 * * *", '"timezone": "Europe/Rome"')
            for name in ("CRON_TZ", "TZ")
        ),
        ("0 2 * * * Europe/Rome", '{"cron": "0 2 * * *", "timezone": "Europe/Rome"}'),
        ("0 2 * * * job", '"0 2 * * *" is the schedule; "job" looks like the command'),
        ("* * * * * écho x", '"écho x" looks like the command'),
        ("@daily /bin/job", '"@daily" is the schedule; "/bin/job" looks like the command'),
        ("daily", "@daily"),
        ("HOURLY", "@hourly"),
        ("every 5 minutes", '{"every": 300}'),
        ("every 5 minutes", '"*/5 * * * *"'),
        ("every hour", '{"every": 3600}'),
        ("@every 1h30m", '{"every": 5400}'),
        ("every 90 sec", '{"every": 90}'),
        ("every weekday at nine", '"30 2 * * *"'),
        ("rate(5 minutes)", '{"every": 300}'),
        ("cron(0 10 * * ? *)", '"0 10 * * *"'),
        ("cron(15 8 ? * 2-6 *)", '"15 8 * * MON-FRI"'),
        ("cron(0 2 * * *)", '"0 2 * * *"'),
        ("at(2026-12-24T18:00:00)", '{"at": '),
        ("0 0 * * SAT-SUN", "write 6-7"),
        ("0 0 * * 6-0", "write 6-7"),
        ("0 0 * * FRI-MON", "write 5-7,1"),
        ("0 0 * NOV-FEB *", "write 11-12,1-2"),
        ("50-10 * * * *", "write 50-59,0-10"),
        ("0 22-6 * * *", "write 22-23,0-6"),
        ("50-10/5 * * * *", "from low to high"),
        ("0 0 ? * MON", '"0 0 * * MON"'),
        ("0 0 12 * * ?", 'Without the seconds it is "0 12 * * *"'),
        ("0 15 10 ? * 2-6", 'Without the seconds it is "15 10 * * MON-FRI"'),
        ("0 0 12 ? * MON-FRI *", 'Without seconds and year it is "0 12 * * MON-FRI"'),
        ("*/10 * * * * *", '{"every": 10}'),
        ("0 0 2 * * *", 'Without the seconds it is "0 2 * * *"'),
        ("0 0 1 1 * 2027", 'Without the year it is "0 0 1 1 *"'),
        ("5/15 * * * *", "write 5-59/15"),
        ("0 5/6 * * *", "write 5-23/6"),
        ("0 0 * JAN/2 *", "write 1-12/2"),
        ("0 0 * * MON/2", "write 1-7/2"),
        ("0 0 L/2 * *", "leave out the step"),
        ("0 0 LW/2 * *", "leave out the step"),
        ("0 0 15W * *", '"15W" is not supported'),
        ("0 0 W * *", '"W" is not supported'),
        ("0 0 L-3 * *", '"L-3" is not supported'),
        ("0 0 * * Monday", "written MON"),
        ("0 0 * January *", "written JAN"),
        ("H 2 * * *", "jitter"),
        ("02:00", '"0 2 * * *"'),
        ("14:30:00", '"30 14 * * *"'),
        ("300", '{"every": 300}'),
        ("2026-12-24T18:00:00Z", '{"at": '),
        ('"0 2 * * *"', "Leave out the quotes"),
        ("0 0 * * \u017fun", "U+017F (latin small letter long s)"),
        ("\u0665 * * * *", "U+0665 (arabic-indic digit five)"),
        ("\uff0a * * * *", "U+FF0A (fullwidth asterisk)"),
        ("0\u00a02 * * *", "an invisible U+00A0 (no-break space)"),
        ("\ufeff0 2 * * *", "an invisible U+FEFF"),
        ("0 2\v* * *", "an invisible U+000B"),
        ("60 * * * *", '"60" is no minute'),
        ("0 0 31 2 *", "No date ever matches"),
        ("* * * *", "five fields"),
        ("@fortnightly", "is none of @hourly"),
    ],
)
def test_a_refusal_says_what_it_is_and_what_to_write(expression: str, written: str) -> None:
    assert written in refusal(expression)


def test_what_a_refusal_says_to_write_is_taken() -> None:
    for written in ("6-7", "5-7,1", "1-7/2"):
        check_cron(f"0 0 * * {written}")
    for written in ("50-59,0-10", "5-59/15"):
        check_cron(f"{written} * * * *")
    check_cron("0 0 * 11-12,1-2 *")


@pytest.mark.parametrize(
    "stored", ["5/15 * * * *", "0 0 * JAN/2 *", "0 0 L/2 * *", "0 0 * * \u017fun"]
)
def test_what_was_taken_before_is_still_read(stored: str) -> None:
    assert parse_schedule({"cron": stored}, anchor=ANCHOR) is not None


def test_a_schedule_in_a_list_is_checked_too() -> None:
    with pytest.raises(InvalidSchedule) as refused:
        parse_new_schedule([{"every": 5}, {"cron": "5/15 * * * *"}], anchor=ANCHOR)
    assert refused.value.pointer == "/schedule/1/cron"


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "0 0 L * *",
            "0 0 LW * *",
            "0 9 * * MON#1",
            "0 9 * * 5L",
            "0 0 1,L * *",
            "@DAILY",
            " @daily ",
        ),
        *("05 009 1 jan,Feb-APR sun", "*/5 0-23/2 * * *", "0 0 * * 5L,MON", "\t0 2  * * 1-5 "),
    ],
)
def test_what_is_documented_is_taken(expression: str) -> None:
    check_cron(expression)


@given(expressions)
def test_every_documented_shape_is_taken(expression: str) -> None:
    try:
        cron_rule(expression)
    except InvalidSchedule:
        assume(False)
    check_cron(expression)


def is_taken(expression: str) -> bool:
    try:
        check_cron(expression)
    except InvalidSchedule:
        return False
    return True


FIELD = st.text(alphabet="0123456789*/,-LW#monsuja", min_size=1, max_size=6)
ALMOST = st.tuples(*[st.sampled_from(["*", "1", "1-5", "*/2"]) | FIELD] * 5).map(" ".join)


@pytest.mark.skipif(not debian_cron.is_installed(), reason="needs Debian's cron, and root")
@settings(
    max_examples=5,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(ALMOST, min_size=100, max_size=100))
def test_debians_cron_takes_what_is_taken_but_for_the_documented_letters(texts: list[str]) -> None:
    taken = [text for text in texts if is_taken(text) and not set("L#") & set(text.upper())]
    refused = debian_cron.check([f"{text} job" for text in taken])
    assert [text for text, why in zip(taken, refused, strict=True) if why is not None] == []
