"""Made-up tasks: how long their runs take and what they write, as tasks of real teams do."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

EVERY = {
    timedelta(minutes=5): 0.06,
    timedelta(minutes=15): 0.12,
    timedelta(hours=1): 0.42,
    timedelta(hours=6): 0.15,
    timedelta(days=1): 0.25,
}
"""Intervals of tasks, and how common each is."""


@dataclass
class MadeUpTask:
    """A task with its own distributions; times of the week, drift and modes change the centre."""

    every: timedelta
    seconds: float
    seconds_sigma: float
    output: float
    output_sigma: float
    drift: float
    growth: float
    modes: tuple[tuple[float, float], ...]
    slow_hours: dict[int, float]
    weekly: dict[int, float]

    def run(
        self,
        random: Random,
        at: datetime,
        begun: datetime,
        *,
        mode: Callable[[list[float]], float] | None = None,
    ) -> tuple[float, int]:
        """Return the seconds and bytes of an ordinary run at that time, in any mode or this one."""
        days = (at - begun) / timedelta(days=1)
        times = self.slow_hours.get(at.hour, 1.0) * self.weekly.get(at.weekday(), 1.0)
        factors = [factor for factor, _ in self.modes]
        shares = [share for _, share in self.modes]
        times *= mode(factors) if mode else random.choices(factors, shares)[0]
        seconds = self.seconds * times * math.exp(self.drift * days)
        # A machine that is busy now and then slows single runs: a heavy tail.
        if random.random() < 0.02:
            seconds *= random.uniform(1.0, 1.8)
        seconds *= random.lognormvariate(0, self.seconds_sigma)
        written = self.output * math.exp(self.growth * days)
        written *= random.lognormvariate(0, self.output_sigma)
        return seconds, int(written)


def made_up_task(random: Random) -> MadeUpTask:
    """Return a task of a kind that is met: quick checks, reports, dumps, imports, crawls."""
    every = random.choices(list(EVERY), list(EVERY.values()))[0]
    seconds = min(math.exp(random.gauss(2.5, 1.8)), every / timedelta(seconds=1) / 4)
    bimodal = random.random() < 0.15
    rare = random.uniform(0.1, 0.5)
    modes = ((1.0, 1 - rare), (random.uniform(2, 12), rare)) if bimodal else ((1.0, 1.0),)
    nightly = random.random() < 0.15
    start = random.randrange(24)
    hours = {(start + n) % 24: random.uniform(2, 8) for n in range(random.randint(1, 4))}
    weekly = random.random() < 0.12
    return MadeUpTask(
        every=every,
        seconds=seconds,
        seconds_sigma=random.uniform(0.03, 0.4),
        output=random.choice([0, 60, 2_000, 40_000, 1_000_000]) * random.uniform(0.5, 2),
        output_sigma=random.choice([0.0, 0.02, 0.1, 0.3]),
        drift=random.uniform(-0.005, 0.01) if random.random() < 0.3 else 0.0,
        growth=random.uniform(0, 0.02) if random.random() < 0.4 else 0.0,
        modes=modes,
        slow_hours=hours if nightly else {},
        weekly={random.randrange(7): random.uniform(3, 12)} if weekly else {},
    )
