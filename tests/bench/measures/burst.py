"""Target 2: thousands due at one instant, and 300 runs a second for a minute."""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from tests.bench.contestants import THREADS, Contestant, punctual
from tests.bench.environment import BenchEnv
from tests.bench.queues import celery, naive
from tests.bench.racing import race, warm_up
from tests.bench.row import OURS, Figures, Row, percentile

RATE = 300
GROWTH = 1.5
"""Lateness has grown when the last third's median is more than this times the first third's."""


def at_one_instant(env: BenchEnv) -> Iterator[Row]:
    """Runs a second, from the due instant to the last end on record."""
    rates: Figures = {}
    with ExitStack() as stack:
        product = stack.enter_context(env.product("small"))
        contestants: list[Contestant] = [
            THREADS,
            stack.enter_context(punctual(env, product)),
            stack.enter_context(celery(env)),
            stack.enter_context(naive(env)),
        ]
        warm_up(env, contestants)
        for repeat in range(env.size.repeats):
            # The slow ones take most of the time: they are measured once less.
            for each in contestants if repeat or env.size.repeats == 1 else contestants[:2]:
                done = race(env, each, [0.0] * env.size.burst)
                rates.setdefault(each.name, []).append(env.size.burst / done.seconds)
    name = f"burst of {env.size.burst:,}"
    yield Row(
        name, "runs/s", rates, "2: ≥ 0.9 x bare threads", 0.9, against=THREADS.name, at_least=True
    )
    yield Row(
        name,
        "runs/s",
        {each: rates[each] for each in (OURS, "Celery")},
        "2: ≥ 3 x Celery",
        3.0,
        against="Celery",
        at_least=True,
    )


def sustained(env: BenchEnv) -> Iterator[Row]:
    """Lateness of 300 runs a second: the last third compared with the first."""
    with ExitStack() as stack:
        product = stack.enter_context(env.product("small"))
        ours = stack.enter_context(punctual(env, product))
        warm_up(env, [ours])
        count = RATE * env.size.sustained_seconds
        done = race(env, ours, [each * 1000 / RATE for each in range(count)])
    third = count // 3
    first, last = done.lateness_ms[:third], done.lateness_ms[-third:]
    name = f"{RATE} runs/s for {env.size.sustained_seconds} s"
    growth: Figures = {OURS: [median(last)], "first third": [median(first)]}
    yield Row(
        f"{name}: p50 of the last third",
        "ms late",
        growth,
        f"2: no growing lateness (≤ {GROWTH} x the first third)",
        GROWTH,
        against="first third",
    )
    yield Row(
        f"{name}: p99 of the last third",
        "ms late",
        {OURS: [percentile(last, 0.99)], "first third": [percentile(first, 0.99)]},
        against="first third",
    )
