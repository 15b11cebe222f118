"""Target 1: how late commands start at 20 a second, and 200 in one instant."""

from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.contestants import FLOOR, Contestant, punctual
from tests.bench.environment import BenchEnv
from tests.bench.queues import celery, naive
from tests.bench.racing import lateness, warm_up
from tests.bench.row import OURS, Row, Samples

EVERY_MS = 50.0
CONCURRENT = 200


def at_20_a_second(env: BenchEnv) -> Iterator[Row]:
    """Lateness of starts that are 50 ms apart, an empty database behind them."""
    with ExitStack() as stack:
        product = stack.enter_context(env.product("small"))
        contestants: list[Contestant] = [
            FLOOR,
            stack.enter_context(punctual(env, product)),
            stack.enter_context(celery(env)),
            stack.enter_context(naive(env)),
        ]
        warm_up(env, contestants)
        offsets = [each * EVERY_MS for each in range(env.size.lateness_seconds * 20)]
        samples = lateness(env, contestants, offsets, repeats=env.size.repeats)
    yield from rows("lateness at 20/s", samples)


def in_one_instant(env: BenchEnv) -> Iterator[Row]:
    """Lateness of 200 starts that are due together, with a free slot for each."""
    with ExitStack() as stack:
        product = stack.enter_context(env.product("small"))
        contestants: list[Contestant] = [FLOOR, stack.enter_context(punctual(env, product))]
        warm_up(env, contestants)
        samples = lateness(env, contestants, [0.0] * CONCURRENT, repeats=env.size.repeats + 2)
    name, floor = f"{CONCURRENT} due at once", FLOOR.name
    p99 = samples.percentile(0.99)
    yield Row(f"{name}: p50", "ms late", samples.percentile(0.5), against=floor)
    yield Row(
        f"{name}: p99", "ms late", p99, "1: ≤ 1.5 x a bare loop of spawns", 1.5, against=floor
    )


def rows(name: str, samples: Samples) -> Iterator[Row]:
    """The three rows about lateness that target 1 names."""
    floor = FLOOR.name
    p50, p99 = samples.percentile(0.5), samples.percentile(0.99)
    yield Row(f"{name}: p50", "ms late", p50, "1: ≤ 0.6 x floor", 0.6, against=floor)
    yield Row(f"{name}: p99", "ms late", p99, "1: ≤ 0.8 x floor", 0.8, against=floor)
    earliest = samples.percentile(0)
    early = [min(each, 0.0) for each in earliest[OURS]]
    note = "" if not any(early) else f"early by up to {-min(early):.3f} ms"
    yield Row(
        f"{name}: earliest", "ms late", earliest, "1: never early", 0.0, at_least=True, note=note
    )
