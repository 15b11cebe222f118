"""Which mails count towards the limits: those that are sent, or may still be."""

import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import RateLimitItemPerHour

from punctual.messaging.mail.failures import MailFailed
from punctual.messaging.mail.letter import Letter
from punctual.ops import telemetry
from punctual_api.accounts.failed_logins import FailedLogins
from punctual_api.mail import outbox
from punctual_api.mail.limits import RESETS_FOR_ONE_ACCOUNT, MailCount
from punctual_api.mail.outbox import Job, Outbox
from tests.integration.api.conftest import Person
from tests.integration.api.mail.test_invitations import invite
from tests.integration.api.mail.test_resets import ADDRESS, forget
from tests.support.eventually import eventually
from tests.support.mail_server.server import MailServer

CLEO = "cleo@example.com"
LATER = "451 4.3.0 try later"
TWO_AN_HOUR = RateLimitItemPerHour(2, 1, "test-two")
ONE_AN_HOUR = RateLimitItemPerHour(1, 1, "test-one")


@pytest.fixture
def counters(app: Flask) -> FailedLogins:
    """The counters of the app, in Redis."""
    found: FailedLogins = app.extensions["punctual_failed_logins"]
    return found


@pytest.fixture(params=["in Redis", "in memory"])
def each_counters(request: pytest.FixtureRequest, counters: FailedLogins) -> FailedLogins:
    """The counters, in Redis and as they are while Redis does not answer."""
    if request.param == "in memory":
        counters._away_until = float("inf")
    return counters


def failed(kind: str) -> float:
    value: float = telemetry.MAILS.labels(kind, "failed")._value.get()
    return value


def test_links_that_were_never_sent_do_not_count(
    client: FlaskClient, anna: Person, mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RETRY_SECONDS", ())
    mails.failures += [LATER] * 4
    before = failed("reset")
    for _ in range(4):
        forget(client, anna.username)
    eventually(lambda: failed("reset") == before + 4)
    for count in (1, 2, 3):
        forget(client, anna.username)
        mails.wait_for(ADDRESS, count)


def test_invitations_that_were_never_sent_do_not_count(anna: Person, mails: MailServer) -> None:
    mails.failures += [LATER] * 4
    sent = [invite(anna, email=CLEO)["mail"]["sent"] for _ in range(8)]
    assert sent == [False] * 4 + [True] * 3 + [False]


def test_an_address_that_the_server_refuses_counts(anna: Person, mails: MailServer) -> None:
    mails.refusals[CLEO] = "550 5.1.1 no such mailbox"
    made = [invite(anna, email=CLEO)["mail"]["detail"] for _ in range(4)]
    assert [detail.startswith("Too many") for detail in made] == [False] * 3 + [True]


def test_what_is_refused_by_one_limit_is_not_counted_by_another(
    each_counters: FailedLogins,
) -> None:
    user, address = (TWO_AN_HOUR, ("anna",)), (ONE_AN_HOUR, (CLEO,))
    assert each_counters.take([user, address]) is None
    for _ in range(3):
        assert each_counters.take([user, address])
    assert each_counters.take([user]) is None
    assert each_counters.take([user])


def test_what_was_given_back_can_be_taken_once_more(each_counters: FailedLogins) -> None:
    count = MailCount(each_counters)
    user = (RESETS_FOR_ONE_ACCOUNT, (str(uuid.UUID(int=7)),))
    assert count.take_reset(uuid.UUID(int=7))
    assert each_counters.take([user, user]) is None
    count.give_back()
    count.give_back()
    assert each_counters.take([user]) is None
    assert each_counters.take([user])


def test_a_letter_that_waits_when_the_process_stops_does_not_count(
    counters: FailedLogins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RETRY_SECONDS", (3600.0,))
    anna, count = uuid.UUID(int=8), MailCount(counters)

    def refuse(_: Letter) -> None:
        raise MailFailed("busy", is_temporary=True)

    def write() -> Letter:
        for _ in range(3):
            assert count.take_reset(anna)
        return Letter("test", "a@b.c", "link", [])

    box = Outbox(refuse)
    box.put(Job("test", write, count=count))
    eventually(lambda: any(job.failures for *_, job in box._waiting))
    assert not MailCount(counters).take_reset(anna)
    box.stop()
    assert MailCount(counters).take_reset(anna)


def test_a_letter_that_is_written_again_counts_once(
    counters: FailedLogins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RETRY_SECONDS", (0.01,) * 3)
    anna, count = uuid.UUID(int=9), MailCount(counters)
    tries: list[bool] = []
    sent: list[Letter] = []

    def write() -> Letter:
        tries.append(count.take_reset(anna))
        if len(tries) < 4:
            raise RuntimeError("the database is away")
        return Letter("test", "a@b.c", "link", [])

    box = Outbox(sent.append)
    box.put(Job("test", write, count=count))
    eventually(lambda: len(sent) == 1)
    box.stop()
    assert tries == [True] * 4
    assert [MailCount(counters).take_reset(anna) for _ in range(3)] == [True, True, False]
