"""Host names: what a Host header names, and what an operator may list."""

import pytest

from punctual.domain.hosts import host_in, host_of, parse_hosts, parse_public_url


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8000", "localhost"),
        ("cron.example.com.", "cron.example.com"),
        ("cron.example.com.:443", "cron.example.com"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[::1]:8000", "[::1]"),
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("", None),
        ("::1", None),
        ("[::1", None),
        ("[localhost]", None),
        ("localhost:port", None),
        ("localhost:8000:8000", None),
        ("localhost, rebind.example", None),
        ("user@localhost", None),
        ("localhost/rebind.example", None),
        ("localhost\\rebind.example", None),
        ("localhost#", None),
        ("-bad.example", None),
        ("a..example", None),
        ("..", None),
    ],
)
def test_a_host_header_names_one_host_or_none(header: str, host: str | None) -> None:
    assert host_in(header) == host


def test_a_list_of_hosts_is_read_as_headers_are() -> None:
    read = parse_hosts(" Cron.Example.com., 10.1.2.3 ,[0::1],*,")
    assert read == {"cron.example.com", "10.1.2.3", "[::1]", "*"}


@pytest.mark.parametrize(
    "entry", ["https://a.example", "a.example:80", "*.a.example", "a b", "é.example"]
)
def test_what_is_no_host_is_refused_by_its_name(entry: str) -> None:
    with pytest.raises(ValueError, match=r"example|a b"):
        parse_hosts(f"localhost,{entry}")


def test_a_public_url_has_a_scheme_and_a_host() -> None:
    assert parse_public_url("https://cron.example.com/") == "https://cron.example.com"
    assert host_of("https://Cron.example.com:8443/punctual") == "cron.example.com"


@pytest.mark.parametrize(
    "url",
    [
        "cron.example.com",
        "ftp://cron.example.com",
        "https://",
        "https:///path",
        "https://ann@cron.example.com",
        "https://cron.example.com/?a=1",
        "https://cron.example.com/#a",
        "https://cron.example.com:99999",
        "https://cron.example.com:0",
        "https://[::1",
        "https://cron.example.com/a b",
    ],
)
def test_a_public_url_that_cannot_be_linked_to_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^it has|^its scheme|."):
        parse_public_url(url)
