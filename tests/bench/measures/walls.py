"""What a user for each slot costs: a start, its lateness, and a burst, with and without."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from tests.bench.contestants import THREADS, Contestant, punctual
from tests.bench.environment import BenchEnv
from tests.bench.measures.lateness import EVERY_MS
from tests.bench.measures.starts import CONCURRENT, cpu_of_starts
from tests.bench.racing import lateness, race, warm_up
from tests.bench.row import OURS, Figures, Row
from tests.support.processes import free_slot_users

WITHOUT = "one user"
MOST_LATER_MS = 1.0


def with_and_without(env: BenchEnv) -> Iterator[Row]:
    """A start's CPU, lateness at 20 a second, and runs a second in a burst."""
    if os.geteuid() != 0:  # as which there are no such users
        return
    yield from _cost_of_a_start(env)
    burst: Figures = {}
    later: list[float] = []
    with ExitStack() as stack:
        walled = stack.enter_context(env.product("walled"))
        plain = stack.enter_context(env.product("plain", PUNCTUAL_SLOT_USERS="0"))
        ours: list[Contestant] = [
            stack.enter_context(punctual(env, walled)),
            replace(stack.enter_context(punctual(env, plain)), name=WITHOUT),
        ]
        warm_up(env, ours)
        offsets = [each * EVERY_MS for each in range(env.size.lateness_seconds * 20)]
        samples = lateness(env, ours, offsets, repeats=env.size.repeats)
        p50 = samples.percentile(0.5)
        later = [mine - theirs for mine, theirs in zip(p50[OURS], p50[WITHOUT], strict=True)]
        for _ in range(env.size.repeats):
            for each in (THREADS, *ours):
                done = race(env, each, [0.0] * env.size.burst)
                burst.setdefault(each.name, []).append(env.size.burst / done.seconds)
    yield Row("walls: lateness p50 at 20/s", "ms late", p50, against=WITHOUT)
    yield Row(
        "walls: later than without",
        "ms",
        {OURS: later},
        f"walls: ≤ {MOST_LATER_MS:g} ms",
        MOST_LATER_MS,
    )
    yield Row(
        f"walls: burst of {env.size.burst:,}",
        "runs/s",
        burst,
        "walls: ≥ 0.9 x bare threads",
        0.9,
        against=THREADS.name,
        at_least=True,
    )


def _cost_of_a_start(env: BenchEnv) -> Iterator[Row]:
    users = free_slot_users(CONCURRENT)
    for form, what in (("{}", "a program"), ("exec {}", "a shell")):
        figures: Figures = {}
        for _ in range(env.size.repeats + 1):
            for name, slot_users in ((OURS, users), (WITHOUT, None)):
                figures.setdefault(name, []).append(cpu_of_starts(env, form, slot_users))
        yield Row(
            f"walls: CPU of a start, {what}",
            "µs",
            figures,
            "walls: ≤ 1.5 x without",
            1.5,
            against=WITHOUT,
        )
