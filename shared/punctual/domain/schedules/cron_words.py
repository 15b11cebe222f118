"""Days and times of a cron expression in words: cronsim's phrases, joined as cron reads them."""

from cronsim.explain import Day, Expression, Month, Weekday, join

from punctual.domain.schedules.cron import CronRule

_EVERY_DAY = frozenset(range(1, 32))
_EVERY_WEEKDAY = frozenset(range(7))


def explain(rule: CronRule) -> str:
    """Return a sentence without its full stop, such as "At 00:00 on the first or on Monday"."""
    return _Sentence(rule).explain()


class _Days(Day):
    def format_every(self, step: int = 1) -> str:
        return super().format_every(step) + (" from the first on" if step > 1 else "")


class _Months(Month):
    def format_every(self, step: int = 1) -> str:
        if step == 1:
            return super().format_every(step)
        return join([self.labels[month] for month in range(1, 13, step)])


class _Weekdays(Weekday):
    def format_every(self, step: int = 1) -> str:
        if step == 1:
            return super().format_every(step)
        return join([self.labels[day] for day in range(0, 7, step)])


class _Sentence(Expression):
    """An expression whose two day fields are alternatives, or both have to match."""

    def __init__(self, rule: CronRule) -> None:
        minute, hour, day, month, weekday = rule.fields
        any_day = {*rule.days_of_month} >= _EVERY_DAY
        any_weekday = rule.weekdays == _EVERY_WEEKDAY
        if rule.either_day and (any_day or any_weekday):
            any_day = any_weekday = True
        super().__init__([minute, hour, day, month, weekday])
        self.day = _Days("*" if any_day else day)
        self.month = _Months("*" if len(rule.months) == 12 else month)
        self.dow = _Weekdays("*" if any_weekday else weekday)
        self.either = rule.either_day

    def translate_date(self, allow_every_day: bool) -> str:
        """Convert the day, month and weekday fields to text."""
        if self.day.star or self.dow.star:
            return super().translate_date(allow_every_day)
        if self.either:
            months = "" if self.month.star else f", {self.month}"
            return f"{self.day} or {self.dow}{months}"
        months = "" if self.month.star else f" {self.month}"
        return f"{self.day} if it's {self.dow}{months}"
