"""Where the API is asked, from where it listens."""

import pytest

from punctual_devstack.readiness import Readiness


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("0.0.0.0:9000", "http://127.0.0.1:9000"),
        (":9000", "http://127.0.0.1:9000"),
        ("[::]:9000", "http://127.0.0.1:9000"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("punctual.test:80", "http://punctual.test:80"),
    ],
)
def test_everywhere_is_asked_on_the_loopback(bind: str, url: str) -> None:
    assert Readiness.of_bind(bind).url == url
