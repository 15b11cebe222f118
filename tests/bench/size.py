"""How much is measured: all that the targets speak of, or a tenth of it for a first look."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Counts and durations (seconds) of the measurements."""

    name: str
    repeats: int
    lateness_seconds: int
    burst: int
    sustained_seconds: int
    few: int
    many: int
    due: int
    old: int
    sleeps: int
    idle_seconds: int
    hammer_seconds: float


FULL = Size(
    name="full",
    repeats=3,
    lateness_seconds=10,
    burst=5_000,
    sustained_seconds=60,
    few=10_000,
    many=1_000_000,
    due=10_000,
    old=20_000,
    sleeps=1_000,
    idle_seconds=20,
    hammer_seconds=4,
)
SMALL = Size(
    name="small",
    repeats=2,
    lateness_seconds=4,
    burst=1_000,
    sustained_seconds=10,
    few=10_000,
    many=100_000,
    due=2_000,
    old=5_000,
    sleeps=200,
    idle_seconds=8,
    hammer_seconds=2,
)
SIZES = {size.name: size for size in (FULL, SMALL)}
