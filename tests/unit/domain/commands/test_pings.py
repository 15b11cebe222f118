"""Which address is requested at which event, as Healthchecks documents its own."""

import uuid

import pytest

from punctual.domain.commands.pings import PingEvent, ping_address, stored_ping

RUN = uuid.UUID("0198c1f0-0000-7000-8000-000000000001")
URL = "https://hc-ping.com/5f3b"
START, SUCCESS, FAILURE = PingEvent


@pytest.mark.parametrize(
    ("event", "exit_code", "expected"),
    [
        (START, None, "/5f3b/start"),
        (SUCCESS, 0, "/5f3b"),
        (FAILURE, 7, "/5f3b/7"),
        (FAILURE, 255, "/5f3b/255"),
        (FAILURE, None, "/5f3b/fail"),
        (FAILURE, 256, "/5f3b/fail"),
        (FAILURE, 0, "/5f3b/fail"),  # HTTP tasks, timeouts: a 0 would be a success there
    ],
)
def test_an_address_is_that_of_healthchecks(
    event: PingEvent, exit_code: int | None, expected: str
) -> None:
    found = ping_address({"url": URL}, event, run_id=RUN, exit_code=exit_code)
    assert found == f"https://hc-ping.com{expected}?rid={RUN}"


def test_a_slash_and_a_query_stay_where_they_belong() -> None:
    found = ping_address({"url": "http://m:8000/ping/x/?a=1#top"}, START, run_id=RUN)
    assert found == f"http://m:8000/ping/x/start?a=1&rid={RUN}"


def test_an_address_for_one_event_is_requested_as_it_is() -> None:
    ping = {"url": URL, "failure": "https://cronitor.link/p/key/job?state=fail"}
    assert ping_address(ping, FAILURE, run_id=RUN, exit_code=3) == ping["failure"]
    assert ping_address(ping, SUCCESS, run_id=RUN) == f"{URL}?rid={RUN}"


def test_only_the_events_that_were_chosen_are_sent() -> None:
    ping = {"url": URL, "on": ["success"]}
    found = [ping_address(ping, event, run_id=RUN) is not None for event in PingEvent]
    assert found == [False, True, False]
    assert ping_address({"success": URL}, START, run_id=RUN) is None


@pytest.mark.parametrize("stored", [None, "x", 1, [], {"url": 1}, {"on": "start"}])
def test_what_is_no_ping_requests_nothing(stored: object) -> None:
    assert ping_address(stored, START, run_id=RUN) is None


def test_a_stored_ping_is_answered_in_full() -> None:
    assert stored_ping({"url": URL, "on": ["failure", "start", "x"]}) == {
        "url": URL,
        "on": ["start", "failure"],
        "start": None,
        "success": None,
        "failure": None,
    }
