"""What Hypothesis makes up: expressions, places, instants and JSON."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.unit.domain.schedules.cron_oracle import MONTHS, WEEKDAYS, clock_changes_by_brute_force

# With the four we promise: clocks that change at midnight, at 00:01, by two hours, by a day.
# All in the past: laws still change what newer zone files say of the years to come.
PROMISED = ("America/New_York", "Europe/Rome", "Australia/Lord_Howe", "Africa/Casablanca")
PLACES = {
    **dict.fromkeys(PROMISED, range(2019, 2026)),
    "UTC": range(2024, 2025),
    "Asia/Kathmandu": range(2024, 2025),
    "America/Santiago": range(2023, 2026),
    "America/Havana": range(2023, 2026),
    "America/Sao_Paulo": range(2016, 2019),
    "Africa/Cairo": range(2023, 2026),
    "America/St_Johns": range(2009, 2011),
    "Pacific/Apia": range(2011, 2012),
    "Antarctica/Troll": range(2023, 2025),
}
CHANGES = {
    zone: clock_changes_by_brute_force(zone, years) or [datetime(2024, 2, 29, tzinfo=UTC)]
    for zone, years in PLACES.items()
}


def _field(low: int, high: int, names: list[str] | None = None) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    single = number.map(str) if names is None else number.map(str) | st.sampled_from(names)
    step = st.integers(1, 30).map(lambda n: f"/{n}")
    span = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    term = single | span | st.builds("{}{}".format, span, step)
    star = st.just("*") | st.builds("*{}".format, step)
    return star | st.lists(term, min_size=1, max_size=3).map(",".join)


def _weekday() -> st.SearchStrategy[str]:
    day = st.sampled_from(WEEKDAYS) | st.integers(0, 7).map(str)
    nth = st.builds("{}#{}".format, day, st.integers(1, 5))
    last = st.integers(0, 7).map("{}L".format)
    return _field(0, 7, WEEKDAYS) | nth | last


# Changes come in the small hours: fields that look elsewhere would seldom meet one.
hours = _field(0, 23) | st.sampled_from(["0", "1", "2", "3", "1-3", "23,0", "*", "*/2", "*/1"])
days = st.just("*") | st.just("L") | _field(1, 31)
weekdays = st.just("*") | _weekday()
months = st.just("*") | _field(1, 12, MONTHS[1:])
expressions = st.tuples(_field(0, 59), hours, days, months, weekdays).map(" ".join)
small_hours = st.tuples(_field(0, 59), hours, st.just("*"), st.just("*"), weekdays).map(" ".join)
zones = st.sampled_from(list(PLACES))
instants = st.integers(0, 4_000_000_000_000_000).map(
    lambda microseconds: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[str, datetime]:
    """A place, and an instant within a day and a half of a change of its clocks."""
    zone = draw(zones)
    away = draw(st.integers(-36 * 3600, 36 * 3600))
    return zone, draw(st.sampled_from(CHANGES[zone])) + timedelta(seconds=away)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
almost_a_time = st.from_regex(
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([zZ]|[+-][0-9]{2}:[0-9]{2})?\Z"
)
almost_cron = expressions | st.text("0123456789*/,-#L@ AFIMNORW", max_size=20)
almost_a_zone = zones | st.text("ABEUaeku/_.+-0", max_size=12) | st.text(max_size=6)
almost_a_schedule = st.dictionaries(
    st.sampled_from(["at", "cron", "timezone", "every"]) | st.text(max_size=5),
    json | almost_a_time | almost_cron | almost_a_zone,
    max_size=3,
)
