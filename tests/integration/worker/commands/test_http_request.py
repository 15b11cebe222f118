"""The program that makes requests, against real servers on this machine."""

import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.raw_server import STALL, Script, raw_server
from tests.support.web_server import Answer, ReceivedRequest, WebServer, web_server

CERTIFICATE = Path(__file__).parents[3] / "support" / "localhost.pem"
LOOPBACK = "127.0.0.0/8"
ELSEWHERE = "localhost"  # the same server under another name is another origin


def answer(received: ReceivedRequest) -> Answer:
    match received.path.split("/")[1:]:
        case ["status", code]:
            return Answer(int(code), body=b"done")
        case ["to", *rest]:
            there = "/".join(rest).replace("|", "/")
            return Answer(int(received.headers.get("X-Status", "302")), (("Location", there),))
        case ["big"]:
            return Answer(body=b"x" * 5000)
    return Answer(headers=(("X-Header", "yes"),), body=b"hello \xff\n")


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server(answer) as started:
        yield started


Done = subprocess.CompletedProcess[bytes]


def request(
    tmp_path: Path,
    url: str,
    *,
    allowed: str = LOOPBACK,
    env: dict[str, str] | None = None,
    **values: Any,
) -> Done:
    """Makes a request as the runner would."""
    params: dict[str, Any] = {
        "method": "GET",
        "url": url,
        "headers": {},
        "body": None,
        "expect": None,
    }
    params |= {"timeout": 5, "follow_redirects": True, **values}
    file = tmp_path / "order"
    file.write_text(json.dumps({"request": params, "allowed": allowed}))
    argv = [sys.executable, "-I", "-m", "punctual_worker.commands.http_request", str(file)]
    return subprocess.run(argv, check=False, capture_output=True, env=env or {}, timeout=30)


def test_the_answer_is_its_output_and_success_its_exit_code(
    tmp_path: Path, server: WebServer
) -> None:
    headers = {"X-Key": "s3cret", "Content-Type": "text/plain"}
    done = request(tmp_path, f"{server.url}/a?b=c", method="POST", headers=headers, body="é")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"HTTP/1.1 200 OK\n") or done.stdout.startswith(b"HTTP/1.0 200")
    assert b"\nX-Header: yes\n" in done.stdout
    assert done.stdout.endswith(b"\n\nhello \xff\n")
    [received] = server.requests
    assert (received.method, received.path, received.body) == ("POST", "/a?b=c", "é".encode())
    assert received.headers["X-Key"] == "s3cret"
    assert received.headers["Host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("status", "expect", "code"),
    [(204, None, 0), (404, None, 22), (500, [500, 503], 0), (200, [201], 22)],
)
def test_a_status_is_good_or_not_as_the_task_says(
    tmp_path: Path, server: WebServer, status: int, expect: list[int] | None, code: int
) -> None:
    done = request(tmp_path, f"{server.url}/status/{status}", expect=expect)
    assert done.returncode == code
    wanted = "200 to 299" if expect is None else ", ".join(map(str, expect))
    if code:
        assert f"answered {status} ".encode() in done.stderr
        assert done.stderr.strip().endswith(f"and {wanted} was expected".encode())


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_refused_under_every_name_unless_it_is_allowed(
    tmp_path: Path, server: WebServer, host: str
) -> None:
    done = request(tmp_path, f"http://{host}:{server.port}/", allowed="")
    assert done.returncode == 9
    assert b"a loopback address (PUNCTUAL_HTTP_ALLOW_PRIVATE)" in done.stderr
    assert server.requests == []


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.1", "[fd00:ec2::254]", "0.0.0.0"])
def test_private_and_metadata_addresses_are_refused_without_a_connection(
    tmp_path: Path, address: str
) -> None:
    done = request(tmp_path, f"http://{address}/latest/meta-data/")
    assert (done.returncode, done.stdout) == (9, b"")
    assert done.stderr.startswith(b"refused: ")


def test_a_redirect_is_checked_as_the_first_address_was(tmp_path: Path, server: WebServer) -> None:
    done = request(tmp_path, f"{server.url}/to/http:||169.254.169.254|latest")
    assert done.returncode == 9
    assert done.stderr.splitlines()[-1].startswith(b"refused: 169.254.169.254")


def test_a_redirect_is_followed_and_takes_no_secret_to_another_host(
    tmp_path: Path, server: WebServer
) -> None:
    there = f"http:||{ELSEWHERE}:{server.port}|end"
    headers = {"Authorization": "Bearer s3cret", "X-Key": "s3cret", "Accept": "text/html"}
    done = request(tmp_path, f"{server.url}/to/{there}", method="POST", body="x", headers=headers)
    assert done.returncode == 0, done.stderr
    first, second = server.requests
    assert (first.method, second.method, second.body) == ("POST", "GET", b"")
    assert second.headers["Accept"] == "text/html"
    assert "s3cret" not in str(second.headers)


def test_a_redirect_that_keeps_the_method_sends_the_content_again(
    tmp_path: Path, server: WebServer
) -> None:
    headers = {"X-Status": "307", "X-Key": "kept"}
    done = request(tmp_path, f"{server.url}/to/|end", method="PUT", body="again", headers=headers)
    assert done.returncode == 0, done.stderr
    assert [(one.method, one.body) for one in server.requests] == [("PUT", b"again")] * 2
    assert server.requests[1].headers["X-Key"] == "kept"


def test_a_redirect_is_an_answer_when_it_is_not_to_be_followed(
    tmp_path: Path, server: WebServer
) -> None:
    done = request(tmp_path, f"{server.url}/to/|end", follow_redirects=False, expect=[302])
    assert (done.returncode, len(server.requests)) == (0, 1)


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [
        *(("GET", None, None), ("DELETE", None, None), ("OPTIONS", None, None)),
        *(("POST", None, "0"), ("PUT", None, "0"), ("PATCH", None, "0")),
        *(("GET", "é", "2"), ("POST", "é", "2"), ("PUT", "é", "2"), ("DELETE", "é", "2")),
    ],
)
def test_a_request_is_sent_as_the_task_says_and_nothing_is_added(
    tmp_path: Path, server: WebServer, method: str, body: str | None, length: str | None
) -> None:
    done = request(tmp_path, server.url, method=method, body=body, headers={"X-Empty": ""})
    assert done.returncode == 0, done.stderr
    [received] = server.requests
    assert (received.method, received.body) == (method, (body or "").encode())
    assert received.headers["X-Empty"] == ""
    assert received.headers.get("Content-Length") == length
    assert not {"Content-Type", "Expect", "Authorization"} & received.headers.keys()


def test_a_request_for_the_head_waits_for_no_body(tmp_path: Path) -> None:
    with raw_server(Script([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"], STALL)) as server:
        done = request(tmp_path, f"http://127.0.0.1:{server.port}/", method="HEAD")
    assert (done.returncode, done.stderr) == (0, b"")
    assert server.requests[0].startswith(b"HEAD / HTTP/1.1\r\n")


def test_no_proxy_is_used(tmp_path: Path, server: WebServer) -> None:
    proxies = {"http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
    assert request(tmp_path, server.url, env=proxies).returncode == 0


def test_a_circle_of_redirects_ends(tmp_path: Path) -> None:
    with web_server(lambda _: Answer(302, (("Location", "/"),))) as circle:
        done = request(tmp_path, circle.url)
    assert done.returncode == 47
    assert len(circle.requests) == 11


def test_a_long_answer_is_read_to_its_end(tmp_path: Path, server: WebServer) -> None:
    done = request(tmp_path, f"{server.url}/big")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b"\n\n" + b"x" * 5000)


def test_silence_and_refused_connections_differ(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        done = request(tmp_path, f"http://127.0.0.1:{port}/", timeout=0.2)
        assert (done.returncode, done.stderr) == (28, b"127.0.0.1 did not answer in time\n")
    done = request(tmp_path, f"http://127.0.0.1:{port}/")
    assert done.returncode == 7
    assert b"was not reached" in done.stderr
    done = request(tmp_path, "http://no-such-host.invalid/")
    assert done.returncode == 6


@pytest.mark.parametrize(
    ("host", "trusted", "code"),
    [("localhost", False, 60), ("localhost", True, 0), ("127.0.0.1", True, 60)],
)
def test_a_server_is_trusted_by_its_certificate_and_its_name(
    tmp_path: Path, server: WebServer, host: str, trusted: bool, code: int
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    env = {"SSL_CERT_FILE": str(CERTIFICATE)} if trusted else {}
    done = request(tmp_path, f"https://{host}:{server.port}/", env=env)
    assert done.returncode == code, done.stderr
    assert (b"is not trusted" in done.stderr) == (code != 0)
