"""Messages are delivered to real receivers: those that answer, fail, hang and come back."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from standardwebhooks.webhooks import Webhook

from punctual.domain.alerts.channels import ChannelKind
from punctual.domain.commands.addresses import parse_allowed
from punctual.ops.sealing import OpeningKeys
from punctual_worker.notifier.notifier import Crew
from punctual_worker.notifier.safe_connect import check_addresses
from punctual_worker.notifier.sender import Means, Sender
from tests.integration.alert_rows import (
    PRIVATE_KEY,
    SECRET,
    new_channel,
)
from tests.integration.worker.notifier.conftest import Bench
from tests.support.eventually import eventually
from tests.support.mail_server.server import MailServer
from tests.support.rows import new_user
from tests.support.web_server import Answer, ReceivedRequest, web_server


def ok(_request: ReceivedRequest) -> Answer:
    return Answer(204)


@contextmanager
def hanging() -> Iterator[str]:
    """A receiver that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_a_webhook_is_signed_as_the_library_verifies(bench: Bench) -> None:
    with web_server(ok) as server:
        hook = new_channel(bench.engine, bench.team, url=f"{server.url}/hook?key=1")
        sent = bench.message(hook)
        assert bench.crew.deliver_next()
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/hook?key=1")
    headers = {name.lower(): value for name, value in request.headers.items()}
    document = Webhook(SECRET).verify(request.body, headers)
    assert document["type"] == "run.failed"
    assert document["data"]["task"]["name"] == "dump"
    assert headers["webhook-id"] == f"msg_{sent.hex}"
    assert bench.row(sent).state == "delivered"
    [attempt] = bench.attempts(sent)
    assert (attempt.delivered, attempt.status) == (True, 204)
    assert attempt.latency_ms > 0


def test_a_receiver_that_was_away_for_an_hour_gets_everything_with_the_same_ids(
    bench: Bench,
) -> None:
    statuses = [500, 503, 429, 404, 200]
    with web_server(lambda _: Answer(statuses.pop(0), body=b"busy")) as server:
        hook = new_channel(bench.engine, bench.team, url=server.url)
        sent = bench.message(hook)
        for number in range(5):
            assert bench.crew.deliver_next()
            row = bench.row(sent)
            if number < 4:
                assert row.state == "waiting"
                assert row.due_at > bench.clock.now
                assert not bench.crew.deliver_next()  # not before its time
                bench.clock.now = row.due_at
                bench.make_due(sent)
    assert bench.clock.now > datetime.now(UTC) + timedelta(minutes=5)
    assert bench.row(sent).state == "delivered"
    assert [one.status for one in bench.attempts(sent)] == [500, 503, 429, 404, 200]
    assert bench.attempts(sent)[0].detail == "answered 500 Internal Server Error: busy"
    ids = {name: value for one in server.requests for name, value in one.headers.items()}
    assert {one.headers["webhook-id"] for one in server.requests} == {ids["webhook-id"]}


def test_after_a_day_a_message_is_given_up(bench: Bench) -> None:
    with web_server(lambda _: Answer(500)) as server:
        hook = new_channel(bench.engine, bench.team, url=server.url)
        sent = bench.message(hook)
        bench.crew.deliver_next()
        bench.clock.now += timedelta(hours=25)
        bench.make_due(sent)
        bench.crew.deliver_next()
    assert bench.row(sent).state == "failed"
    assert not bench.crew.deliver_next()


def test_a_receiver_that_hangs_delays_no_other(bench: Bench) -> None:
    with hanging() as url, web_server(ok) as server:
        stuck = new_channel(bench.engine, bench.team, url=url)
        works = new_channel(bench.engine, bench.team, url=server.url)
        slow = [bench.message(stuck) for _ in range(3)]
        quick = [bench.message(works) for _ in range(3)]
        began = datetime.now(UTC)
        bench.crew.wake()
        eventually(lambda: all(bench.row(one).state == "delivered" for one in quick))
        assert datetime.now(UTC) - began < timedelta(seconds=6)
        eventually(lambda: bench.attempts(slow[0]), within=30)
    assert "did not answer in time" in bench.attempts(slow[0])[0].detail


def test_private_addresses_are_refused_unless_an_operator_allows_them(
    engine: Engine, notifier: Engine
) -> None:
    bench = Bench(engine, notifier, None)
    closed = parse_allowed("")
    check_addresses(closed)
    means = Means(notifier, OpeningKeys(PRIVATE_KEY), None, "", closed)
    bench.crew = Crew(notifier, Sender(means), bench.stop, clock=bench.clock)
    with web_server(ok) as server:
        for url, kind in (
            (server.url, ChannelKind.WEBHOOK),
            (f"json://127.0.0.1:{server.port}", ChannelKind.APPRISE),
            (f"json://localhost:{server.port}", ChannelKind.APPRISE),
        ):
            sent = bench.message(new_channel(engine, bench.team, url=url, kind=kind))
            assert bench.crew.deliver_next()
            [attempt] = bench.attempts(sent)
            assert "refused: " in attempt.detail
            assert "a loopback address" in attempt.detail
        assert server.requests == []
    bench.stop.set()
    bench.crew.finish()


@pytest.mark.parametrize("service", ["json", "xml", "ntfy"])
def test_apprise_reaches_what_it_knows(bench: Bench, service: str) -> None:
    with web_server(lambda _: Answer(200, body=b"{}")) as server:
        path = "/alerts" if service == "ntfy" else "/"
        url = f"{service}://127.0.0.1:{server.port}{path}"
        chat = new_channel(bench.engine, bench.team, url=url, kind=ChannelKind.APPRISE)
        sent = bench.message(chat)
        assert bench.crew.deliver_next()
    assert bench.row(sent).state == "delivered", bench.attempts(sent)
    [request] = server.requests
    assert "dump" in request.body.decode()


def test_an_answer_that_apprise_does_not_take_is_on_record(bench: Bench) -> None:
    with web_server(lambda _: Answer(503)) as server:
        url = f"json://127.0.0.1:{server.port}/"
        chat = new_channel(bench.engine, bench.team, url=url, kind=ChannelKind.APPRISE)
        sent = bench.message(chat)
        assert bench.crew.deliver_next()
    [attempt] = bench.attempts(sent)
    assert (attempt.delivered, attempt.status) == (False, 503)
    assert bench.row(sent).state == "waiting"


def test_mail_arrives_as_text_and_html_at_each_address(bench: Bench, smtp: MailServer) -> None:
    smtp.refusals["gone@example.com"] = "550 unknown"
    to = ["a@example.com", "gone@example.com", "b@example.com"]
    sent = bench.message(new_channel(bench.engine, bench.team, to=to), number=2)
    assert bench.crew.deliver_next()
    for address in ("a@example.com", "b@example.com"):
        [mail] = smtp.to(address)
        assert "dump" in mail.text
        assert "dump" in mail.html
        assert mail.message["Message-ID"].startswith(f"<{sent.hex}")
    [attempt] = bench.attempts(sent)
    assert "for 2 of 3 addresses" in attempt.detail
    assert "gone@example.com" in attempt.detail


def test_a_mail_server_that_comes_back_gets_the_mail(bench: Bench, smtp: MailServer) -> None:
    smtp.failures.append("451 later")
    sent = bench.message(new_channel(bench.engine, bench.team, to=["a@example.com"]))
    bench.crew.deliver_next()
    assert bench.row(sent).state == "waiting"
    bench.make_due(sent)
    bench.crew.deliver_next()
    assert bench.row(sent).state == "delivered"
    assert len(smtp.mails) == 1


def test_admins_get_by_mail_what_has_no_channel(bench: Bench, smtp: MailServer) -> None:
    admin = new_user(bench.engine)
    with bench.engine.begin() as connection:
        connection.execute(
            text("UPDATE users SET is_admin = true, email = 'root@example.com' WHERE id = :id"),
            {"id": admin},
        )
    sent = bench.message(None)
    assert bench.crew.deliver_next()
    assert bench.row(sent).state == "delivered"
    assert len(smtp.to("root@example.com")) == 1


def test_a_channel_that_fails_for_half_an_hour_is_reported_once_and_its_end_too(
    bench: Bench,
) -> None:
    working = threading.Event()
    with web_server(lambda _: Answer(200 if working.is_set() else 500)) as server:
        hook = new_channel(bench.engine, bench.team, url=server.url)
        sent = bench.message(hook)
        for minutes in (0, 10, 31, 40):
            bench.clock.now += timedelta(minutes=minutes)
            bench.make_due(sent)
            bench.crew.deliver_next()
        working.set()
        bench.make_due(sent)
        bench.crew.deliver_next()
    with bench.engine.connect() as connection:
        events = connection.execute(
            text("SELECT details FROM alert_events WHERE kind = 'channel_failing' ORDER BY id")
        ).scalars()
        begun, over = events.all()
    assert begun["channel"] == over["channel"] == str(hook)
    assert begun["error"].startswith("answered 500")
    assert over["over"] is True


def test_two_notifiers_send_each_message_once(
    bench: Bench, notifier: Engine, engine: Engine
) -> None:
    with web_server(ok) as server:
        hooks = [new_channel(engine, bench.team, url=server.url) for _ in range(8)]
        sent = [bench.message(hook) for hook in hooks for _ in range(3)]
        other = Crew(notifier, bench.crew._sender, bench.stop)
        for crew in (bench.crew, other):
            for _ in range(4):
                crew.wake()
        eventually(lambda: all(bench.row(one).state == "delivered" for one in sent), within=30)
        other.finish()
    ids = [json.dumps(one.headers["webhook-id"]) for one in server.requests]
    assert len(ids) == len(set(ids)) == len(sent)
