"""Cron expressions as Debian's cron reads them, in the time zone of a place."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from cronsim import CronSim

from punctual.domain.errors import InvalidSchedule
from punctual.domain.instant import LAST_YEAR
from punctual.domain.schedules.cron_syntax import Fields, read_fields
from punctual.domain.schedules.wallclock import instants
from punctual.domain.schedules.zone import zone_named

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cron:
    """Due whenever the clocks of `timezone` (an IANA name) show what `expression` says.

    Where clocks change, the hour field decides. Hours written out ("30 2 * * *") are due once a
    day: in the gap at the first instant after it, a repeated hour the first time only. Hours that
    start with a star ("0 * * * *", "0 */2 * * *") follow elapsed time: what clocks skip is not
    due, what they repeat is due again.
    """

    expression: str
    timezone: str = "UTC"


def cron_due_times(cron: Cron, *, after: datetime) -> Iterator[datetime]:
    """Return the due times strictly after `after`: in UTC, ascending, unique, until the year 9999.

    Raises InvalidSchedule for an expression or a zone that does not exist.
    """
    rule, zone = cron_rule(cron.expression), zone_named(cron.timezone)
    if after.year >= LAST_YEAR:
        return iter(())
    return instants(rule.labels, zone, after=after, elapsed=rule.follows_elapsed_time)


class CronRule:
    """A parsed expression: the wall-clock minutes it names, without a time zone."""

    def __init__(self, fields: Fields) -> None:
        # cronsim parses the fields and matches the days. It is not asked for times: around a
        # change of the clocks it takes a star in the minutes for one in the hours, and loses
        # labels where clocks move by half an hour or at midnight.
        self._calendar = CronSim(" ".join(fields), datetime(2000, 1, 1))  # noqa: DTZ001
        self.fields = fields
        self.minutes = tuple(sorted(self._calendar.minutes))
        self.hours = tuple(sorted(self._calendar.hours))
        self._months: dict[tuple[int, int, int], tuple[int, ...]] = {}
        self.months = tuple(sorted(self._calendar.months))
        # The last day and the last weekday are numbers below 0 in it.
        self.days_of_month = frozenset(self._calendar.days)
        weekdays = self._calendar.weekdays
        # Plain weekdays, Sunday = 0; None when one is the n-th or the last of its month.
        self.weekdays = (
            frozenset(day % 7 for day in weekdays if isinstance(day, int))
            if all(isinstance(day, int) for day in weekdays)
            else None
        )
        self.follows_elapsed_time = fields[1].startswith("*")
        # As in Debian's cron: two restricted day fields are alternatives, unless one starts
        # with a star.
        self.either_day = not (fields[2].startswith("*") or fields[4].startswith("*"))

    def days(self, first: date, *, until_year: int = LAST_YEAR) -> Iterator[date]:
        """Yield the dates it names from `first` on, before the year `until_year`."""
        for year in range(first.year, until_year):
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for day in self._days_in(year, month):
                    if (date_of := date(year, month, day)) >= first:
                        yield date_of

    def _days_in(self, year: int, month: int) -> tuple[int, ...]:
        """Return the days of a month that it names, computed once for months that look alike."""
        weekday, length = monthrange(year, month)
        alike = month, int(weekday), length
        if alike not in self._months:
            whole = range(1, length + 1)
            match = self._calendar.match_day
            self._months[alike] = tuple(day for day in whole if match(date(year, month, day)))
        return self._months[alike]

    def labels(self, after: datetime) -> Iterator[datetime]:
        """Yield the naive wall-clock times it names strictly after `after`, ascending."""
        for day in self.days(after.date()):
            midnight = datetime.combine(day, time())
            elapsed_minutes = (after - midnight) // timedelta(minutes=1)
            for hour in self.hours:
                if hour * 60 + 59 <= elapsed_minutes:
                    continue
                for minute in self.minutes:
                    if hour * 60 + minute > elapsed_minutes:
                        yield midnight + timedelta(hours=hour, minutes=minute)


@lru_cache(maxsize=4096)
def cron_rule(expression: str) -> CronRule:
    """Parse a cron expression, or one of the @ names.

    Raises InvalidSchedule at "/cron" for one that is malformed or never comes.
    """
    rule = CronRule(read_fields(expression))
    # These 28 years have every kind of year there is: leap or not, beginning on each weekday.
    if next(rule.days(date(2000, 1, 1), until_year=2028), None) is None:
        raise InvalidSchedule("/cron", f'No date ever matches "{expression.strip()}".')
    return rule
