"""Races: one plan after another, each contestant in turn, and what the stamps then say."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.contestants import Bare, Contestant
from tests.bench.environment import BenchEnv
from tests.bench.row import Samples
from tests.bench.stamp import read

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Race:
    """One race: lateness of each start (ms, in order), starts' span and the last end (s)."""

    lateness_ms: list[float]
    seconds: float


def race(env: BenchEnv, contestant: Contestant, offsets_ms: Sequence[float]) -> Race:
    """Has the contestant start one stamp at each offset; every one must have been written."""
    file = env.stamps()
    # Time to hand the plan over; a process of the machine's own needs less.
    lead = 1.5 if isinstance(contestant, Bare) else 4 + len(offsets_ms) / 500
    base_ns = (time.time_ns() + int(lead * SECOND)) // 1000 * 1000
    dues = [base_ns + int(offset * 1000) * 1000 for offset in offsets_ms]
    ended_ns = contestant.race(
        [(due, env.stamp.command(file, number)) for number, due in enumerate(dues)]
    )
    stamps = read(file)
    file.unlink()
    missing = len(dues) - len(stamps)
    assert not missing, f"{contestant.name}: {missing} of {len(dues)} never started"
    lateness = [(stamps[number] - due) / 1e6 for number, due in enumerate(dues)]
    return Race(lateness, (ended_ns - dues[0]) / SECOND)


def warm_up(env: BenchEnv, contestants: Sequence[Contestant]) -> None:
    """Has everybody do a little first: connections, imports, caches."""
    for contestant in contestants:
        race(env, contestant, [0.0] * 16)


def lateness(
    env: BenchEnv, contestants: Sequence[Contestant], offsets_ms: Sequence[float], *, repeats: int
) -> Samples:
    """The lateness (ms) of every start, contestants taking turns."""
    samples = Samples()
    for _ in range(repeats):
        for contestant in contestants:
            samples.add(contestant.name, race(env, contestant, offsets_ms).lateness_ms)
    return samples
