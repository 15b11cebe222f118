"""The thread that sends: it tries again, gives up, drops what is too much, and ends in order."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from punctual.messaging.mail.failures import MailFailed
from punctual.messaging.mail.letter import Letter
from punctual.ops import telemetry
from punctual_api.mail import outbox
from punctual_api.mail.outbox import Job, Outbox
from tests.support.eventually import eventually


class Recipient:
    """What the outbox delivers to; each delivery takes the next outcome, at last success."""

    def __init__(self, *outcomes: Exception) -> None:
        self.outcomes = list(outcomes)
        self.taken: list[str] = []
        self.tried = 0
        self.open = threading.Event()
        self.open.set()

    def __call__(self, letter: Letter) -> None:
        """Take a letter."""
        assert self.open.wait(30)
        self.tried += 1
        if self.outcomes:
            raise self.outcomes.pop(0)
        self.taken.append(letter.subject)


def job(subject: str) -> Job:
    return Job("test", lambda: Letter("test", "a@b.c", subject, []))


def counted(outcome: str) -> float:
    value: float = telemetry.MAILS.labels("test", outcome)._value.get()
    return value


@contextmanager
def running(recipient: Recipient) -> Iterator[Outbox]:
    made = Outbox(recipient)
    try:
        yield made
    finally:
        recipient.open.set()
        made.stop()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again at once."""
    monkeypatch.setattr(outbox, "RETRY_SECONDS", (0.01, 0.01, 0.01))


def test_letters_are_sent_in_order() -> None:
    recipient = Recipient()
    with running(recipient) as box:
        for subject in "abc":
            box.put(job(subject))
        eventually(lambda: recipient.taken == ["a", "b", "c"])


@pytest.mark.parametrize("error", [MailFailed("busy", is_temporary=True), TimeoutError("slow")])
def test_a_failure_that_may_pass_is_tried_again(error: Exception) -> None:
    recipient = Recipient(error, error, error)
    with running(recipient) as box:
        box.put(job("a"))
        eventually(lambda: recipient.taken == ["a"])
    assert recipient.tried == 4


def test_after_the_last_try_a_letter_is_given_up_and_others_are_sent() -> None:
    before = counted("failed")
    recipient = Recipient(*[MailFailed("busy", is_temporary=True)] * 4)
    with running(recipient) as box:
        box.put(job("a"))
        eventually(lambda: counted("failed") == before + 1)
        box.put(job("b"))
        eventually(lambda: recipient.taken == ["b"])
    assert recipient.tried == 5


def test_a_failure_for_good_is_not_tried_again() -> None:
    before = counted("failed")
    recipient = Recipient(MailFailed("unknown"))
    with running(recipient) as box:
        box.put(job("a"))
        box.put(job("b"))
        eventually(lambda: recipient.taken == ["b"])
    assert (counted("failed"), recipient.tried) == (before + 1, 2)


def test_a_letter_that_cannot_be_written_stops_no_other() -> None:
    tries: list[int] = []

    def write() -> Letter:
        tries.append(1)
        raise RuntimeError("the database is away")

    recipient = Recipient()
    with running(recipient) as box:
        box.put(Job("test", write))
        box.put(job("b"))
        eventually(lambda: recipient.taken == ["b"] and len(tries) == 4)


def test_more_than_may_wait_are_dropped() -> None:
    before = counted("dropped")
    recipient = Recipient()
    recipient.open.clear()
    with running(recipient) as box:
        box.put(job("first"))
        eventually(lambda: not box._waiting)
        for _ in range(outbox.MOST_WAITING + 5):
            box.put(job("a"))
        assert counted("dropped") == before + 5
        recipient.open.set()
        eventually(lambda: len(recipient.taken) == outbox.MOST_WAITING + 1)


def test_a_stop_sends_what_is_to_be_sent_now_and_no_more() -> None:
    recipient = Recipient()
    recipient.open.clear()
    box = Outbox(recipient)
    for subject in "abc":
        box.put(job(subject))
    stopping = threading.Thread(target=box.stop)
    stopping.start()
    recipient.open.set()
    stopping.join()
    assert recipient.taken == ["a", "b", "c"]


def test_a_delayed_letter_waits_for_its_time_or_the_stop() -> None:
    recipient = Recipient()
    box = Outbox(recipient)
    late = job("late")
    late.delay_seconds = 3600
    box.put(late)
    box.put(job("soon"))
    eventually(lambda: recipient.taken == ["soon"])
    box.stop()
    assert recipient.taken == ["soon", "late"]


def test_a_stop_waits_for_no_later_try(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(outbox, "RETRY_SECONDS", (3600.0,))
    recipient = Recipient(MailFailed("busy", is_temporary=True))
    box = Outbox(recipient)
    box.put(job("a"))
    eventually(lambda: box._waiting)
    box.stop()
    assert recipient.taken == []
    assert "mails lost" in capsys.readouterr().out
