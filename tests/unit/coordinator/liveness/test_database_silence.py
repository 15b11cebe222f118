"""Silences: the database answers nothing, while this coordinator is awake and asks."""

from punctual_coordinator.liveness.database_silence import SILENT_SECONDS, Silence, SilenceWatch


class Story:
    """A watch, and a clock that goes on while this process is awake or frozen."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.watch = SilenceWatch(lambda: self.now)

    def awake(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            self.watch.awake()

    def frozen(self, seconds: int) -> None:
        self.now += seconds

    def silence(self) -> Silence | None:
        found = self.watch.last()
        return None if found is None else found[0]


def test_a_silence_is_from_the_last_answer_to_the_next_one() -> None:
    story = Story()
    story.watch.answered()
    story.awake(3)
    story.watch.sent()
    story.awake(20)
    story.watch.sent()
    assert story.silence() is None
    story.watch.answered()
    assert story.silence() == Silence(1000, 1023)


def test_a_silence_knows_whether_the_process_had_an_answer_before() -> None:
    story = Story()
    for from_start in (True, False):
        story.watch.sent()
        story.awake(15)
        story.watch.answered()
        silence = story.silence()
        assert silence is not None
        assert silence.from_start is from_start


def test_an_answer_to_any_question_breaks_the_silence() -> None:
    story = Story()
    for _ in range(5):
        story.watch.sent()
        story.awake(int(SILENT_SECONDS) - 1)
        story.watch.answered()
    assert story.silence() is None


def test_a_database_that_is_not_asked_is_not_silent() -> None:
    story = Story()
    story.awake(60)
    story.watch.sent()
    story.watch.answered()
    assert story.silence() is None


def test_a_frozen_process_blames_no_database() -> None:
    for thaws_first in (True, False):
        story = Story()
        story.watch.sent()
        story.frozen(60)
        if thaws_first:
            story.watch.awake()
        story.watch.answered()
        assert story.silence() is None


def test_a_silence_after_the_process_was_frozen_begins_with_its_thaw() -> None:
    story = Story()
    story.watch.sent()
    story.frozen(60)
    story.watch.awake()
    story.watch.sent()
    story.awake(15)
    story.watch.answered()
    assert story.silence() == Silence(1060, 1075)


def test_a_silence_is_forgotten_once_it_is_recorded_and_no_later_one_is() -> None:
    story = Story()
    silences = []
    for _ in range(2):
        story.watch.sent()
        story.awake(15)
        story.watch.answered()
        silences.append(story.silence())
    assert silences[0] is not None
    story.watch.forget(silences[0])
    assert story.silence() == silences[1] == Silence(1015, 1030)
    story.watch.forget(silences[1])
    assert story.silence() is None
