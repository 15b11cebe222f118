"""Progress: a loop that does not turn is stuck, unless it waits or everything stood still."""

from punctual.ops.progress import STUCK_SECONDS, Progress


class Clock:
    """A clock that tests move, with looks as often as a watch makes them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def pass_time(clock: Clock, progress: Progress, seconds: float, *, excused: bool = False) -> None:
    until = clock.now + seconds
    while clock.now < until:
        clock.now += 0.5
        progress.look(excused=excused)


def test_a_loop_that_turns_is_not_stuck_and_one_that_does_not_is() -> None:
    clock = Clock()
    progress = Progress(clock)
    turning, silent = progress.loop("turning"), progress.loop("silent")
    pass_time(clock, progress, STUCK_SECONDS)
    turning.mark()
    assert progress.look() == []
    pass_time(clock, progress, 1)
    assert progress.look() == [silent.name]


def test_while_excused_nothing_is_stuck_and_its_time_counts_anew() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.loop("silent")
    pass_time(clock, progress, 1000, excused=True)
    assert progress.look() == []
    pass_time(clock, progress, STUCK_SECONDS - 1)
    assert progress.look() == []
    pass_time(clock, progress, 2)
    assert progress.look() == ["silent"]


def test_what_is_not_excusable_is_stuck_whatever_else_is_away() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.loop("heartbeat", excusable=False)
    pass_time(clock, progress, STUCK_SECONDS + 1, excused=True)
    assert progress.stuck() == ["heartbeat"]


def test_a_loop_that_waits_for_the_world_is_not_stuck() -> None:
    clock = Clock()
    progress = Progress(clock)
    loop = progress.loop("heartbeat", excusable=False)
    with loop.wait():
        pass_time(clock, progress, 1000)
        assert progress.stuck() == []
    assert progress.stuck() == []
    pass_time(clock, progress, STUCK_SECONDS + 1)
    assert progress.stuck() == ["heartbeat"]


def test_a_process_that_stood_still_as_a_whole_has_no_stuck_loop() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.loop("starter")
    progress.look()
    clock.now += 1000
    assert progress.look() == []


def test_loops_that_are_forgotten_are_not_expected_to_turn() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.loop("consumer runs")
    progress.loop("consumer runs.gpu")
    progress.forget("consumer")
    pass_time(clock, progress, 1000)
    assert progress.look() == []
