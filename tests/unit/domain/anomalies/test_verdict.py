"""What is normal, by medians and spreads, and which runs are not."""

import json
import statistics
from datetime import UTC, datetime, timedelta
from math import exp
from random import Random

import pytest

from punctual.domain.alerts.events import EventKind
from punctual.domain.anomalies.history import is_stale
from punctual.domain.anomalies.norms import MAD_TO_SIGMA, MIN_RUNS, Value, learn
from punctual.domain.anomalies.verdict import Norms, Sensitivity, Success, judge, learn_norms

BEGUN = datetime(2026, 11, 2, 2, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def runs(
    count: int, *, every: timedelta = DAY, seconds: float = 50, size: int = 5000
) -> list[Success]:
    noise = Random(7)
    return [
        Success(BEGUN + number * every, seconds * noise.lognormvariate(0, 0.1), size)
        for number in range(count)
    ]


def kinds(
    run: Success, norms: Norms, sensitivity: Sensitivity = Sensitivity.NORMAL
) -> list[EventKind]:
    return [anomaly.kind for anomaly in judge(run, norms, sensitivity)]


def test_centre_and_spread_are_the_median_and_its_median_deviation() -> None:
    noise = Random(3)
    logs = [noise.gauss(2, 0.4) for _ in range(101)]
    norm = learn([Value(BEGUN, each) for each in logs])
    assert norm is not None
    center = statistics.median(logs)
    assert norm.center(BEGUN) == pytest.approx(center)
    deviation = statistics.median(abs(each - center) for each in logs)
    assert norm.spread == pytest.approx(MAD_TO_SIGMA * deviation)


def test_too_few_runs_say_nothing() -> None:
    assert learn_norms(runs(MIN_RUNS - 1)) == Norms(None, None)
    assert kinds(Success(BEGUN, 1, 0), Norms(None, None)) == []
    assert learn_norms(runs(MIN_RUNS)).seconds is not None


@pytest.mark.parametrize(
    ("seconds", "size", "expected"),
    [
        (50, 5000, []),
        (70, 5000, []),
        (5, 5000, ["fast"]),
        (500, 5000, ["slow"]),
        (50, 10, ["silent"]),
        (5, 0, ["fast", "silent"]),
        (50, 5_000_000, []),
    ],
)
def test_each_kind_of_anomaly(seconds: float, size: int, expected: list[str]) -> None:
    assert kinds(Success(BEGUN, seconds, size), learn_norms(runs(40))) == expected


def test_differences_of_less_than_two_seconds_are_no_anomaly() -> None:
    norms = learn_norms(runs(40, seconds=0.1))
    assert kinds(Success(BEGUN, 2.0, 5000), norms) == []
    assert kinds(Success(BEGUN, 2.2, 5000), norms) == ["slow"]


def test_a_task_that_writes_little_is_never_silent() -> None:
    assert kinds(Success(BEGUN, 50, 0), learn_norms(runs(40, size=100))) == []


def test_a_higher_sensitivity_finds_smaller_differences() -> None:
    norms = learn_norms(runs(100))
    slower = Success(BEGUN, 100, 5000)
    much_slower = Success(BEGUN, 150, 5000)
    by_sensitivity = {
        each: (kinds(slower, norms, each), kinds(much_slower, norms, each)) for each in Sensitivity
    }
    assert by_sensitivity == {
        Sensitivity.OFF: ([], []),
        Sensitivity.LOW: ([], []),
        Sensitivity.NORMAL: ([], ["slow"]),
        Sensitivity.HIGH: (["slow"], ["slow"]),
    }


def test_a_night_that_is_slow_every_night_is_normal_and_a_quick_one_is_not() -> None:
    noise = Random(5)
    history = [
        Success(at, (600 if at.hour == 3 else 20) * noise.lognormvariate(0, 0.1), 5000)
        for at in (BEGUN + number * HOUR for number in range(24 * 21))
    ]
    norms = learn_norms(history)
    assert norms.seconds is not None
    assert norms.seconds.grouping == "hour"
    night, day = BEGUN.replace(hour=3), BEGUN.replace(hour=12)
    assert kinds(Success(night, 600, 5000), norms) == []
    assert kinds(Success(night, 20, 5000), norms) == ["fast"]
    assert kinds(Success(day, 600, 5000), norms) == ["slow"]


def test_both_modes_of_a_task_are_normal_and_what_is_beyond_them_is_not() -> None:
    noise = Random(6)
    history = [
        Success(BEGUN + number * HOUR, noise.choice([10, 120]) * noise.lognormvariate(0, 0.2), 5000)
        for number in range(300)
    ]
    norms = learn_norms(history)
    assert [kinds(Success(BEGUN, s, 5000), norms) for s in (10, 120)] == [[], []]
    assert kinds(Success(BEGUN, 1, 5000), norms) == ["fast"]
    assert kinds(Success(BEGUN, 1200, 5000), norms) == ["slow"]


def test_an_anomaly_counts_as_normal_from_the_third_on() -> None:
    def history(count: int) -> list[Success]:
        odd = [Success(BEGUN, 5, 5000, EventKind.FAST) for _ in range(count)]
        return [*runs(40), *odd]

    assert kinds(Success(BEGUN, 5, 5000), learn_norms(history(2))) == ["fast"]
    assert kinds(Success(BEGUN, 5, 5000), learn_norms(history(3))) == []


def test_the_figures_say_what_was_and_between_what_it_normally_is() -> None:
    [anomaly] = judge(Success(BEGUN, 5, 5000), learn_norms(runs(40)), Sensitivity.NORMAL)
    figures = anomaly.figures()
    assert (figures["unit"], figures["value"], figures["runs"]) == ("seconds", 5, 40)
    assert 50 * exp(-0.3) < anomaly.low < 50 < anomaly.high < 50 * exp(0.3)


def test_norms_read_back_from_their_document_judge_the_same() -> None:
    norms = learn_norms(runs(60, every=HOUR))
    again = Norms.read(json.loads(json.dumps(norms.document())))
    assert again.seconds is not None
    assert norms.seconds is not None
    assert again.seconds.centers == pytest.approx(dict(norms.seconds.centers), abs=1e-3)
    for seconds in (5, 50, 500):
        run = Success(BEGUN, seconds, 5000)
        assert kinds(run, again) == kinds(run, norms)


def test_norms_are_stale_after_a_tenth_of_their_runs() -> None:
    norms = learn_norms(runs(100))
    assert not is_stale(norms, 9)
    assert is_stale(norms, 10)
    assert is_stale(Norms(None, None), 5)
