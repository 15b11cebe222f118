"""A provider that is down or slow: a plain page soon, and everything else goes on."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from punctual_api.http.bounded_calls import BoundedCalls, TooManyCalls
from punctual_api.http.database import THREADS
from punctual_api.single_sign_on.provider import ANSWER_SECONDS, AT_ONCE
from punctual_devstack.ports import free_port
from tests.integration.api.served import serving
from tests.integration.api.single_sign_on.conftest import Browser, MakeApp
from tests.support.identity_provider.provider import IdentityProvider
from tests.support.servers import as_service


@contextmanager
def silent_server() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def settings(database_url: str, redis_url: str, namespace: str, issuer: str) -> dict[str, str]:
    return {
        "database_url": as_service(database_url, "api"),
        "redis_url": redis_url,
        "namespace": namespace,
        "oidc_issuer": issuer,
        "oidc_client_id": "punctual",
        "oidc_client_secret": "secret",
    }


def test_a_provider_that_is_down_is_a_plain_page(
    make_app: MakeApp, provider: IdentityProvider
) -> None:
    app = make_app(oidc_issuer=f"http://127.0.0.1:{free_port()}")
    answer = Browser(app.test_client(), provider).get("/login/oidc/?next=/teams/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "Example does not answer. Try again in a minute." in answer.text
    assert 'href="/login/oidc/?next=/teams/"' in answer.text
    assert "127.0.0.1" not in answer.text


def test_a_provider_that_goes_down_during_a_login_is_a_plain_page(
    browser: Browser, provider: IdentityProvider
) -> None:
    path = browser.way_back("ann")

    def fail(path: str, _: dict[str, object]) -> dict[str, object]:
        raise OSError(path)

    with provider.answering(fail):
        answer = browser.get(path)
    assert answer.status_code == 503
    assert "Example does not answer." in answer.text


def test_a_silent_provider_keeps_no_other_request_waiting(
    tmp_path: Path, database_url: str, redis_url: str, namespace: str
) -> None:
    with (
        silent_server() as issuer,
        serving(tmp_path, **settings(database_url, redis_url, namespace, issuer)) as served,
        ThreadPoolExecutor(3 * THREADS) as pool,
    ):

        def log_in() -> tuple[int, float]:
            began = time.monotonic()
            url = f"{served.client.base_url}/login/oidc/"
            answer = httpx.get(url, timeout=4 * ANSWER_SECONDS)
            return answer.status_code, time.monotonic() - began

        logins = [pool.submit(log_in) for _ in range(2 * THREADS)]
        began = time.monotonic()
        while not all(login.done() for login in logins):
            assert served.client.get("/login/", timeout=3).status_code == 200
        answers = [login.result() for login in logins]
        assert {status for status, _ in answers} == {503}
        assert sum(seconds > 2 for _, seconds in answers) <= AT_ONCE
        assert time.monotonic() - began < 2 * ANSWER_SECONDS


def test_a_call_that_is_waited_for_no_more_counts_until_it_ends() -> None:
    calls = BoundedCalls(at_once=1, seconds=0.05)
    end, ended = threading.Event(), threading.Event()

    def wait() -> None:
        end.wait(10)
        ended.set()

    with pytest.raises(TimeoutError):
        calls.run(wait)
    with pytest.raises(TooManyCalls):
        calls.run(wait)
    end.set()
    assert ended.wait(10)
    while True:
        try:
            assert calls.run(lambda: 7) == 7
        except TooManyCalls:
            continue
        break
