"""However a server ends or garbles its answer, a request ends as curl does."""

import json
import re
import shutil
import ssl
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from punctual_worker.commands import http_request
from tests.support.raw_server import CLOSE, RAGGED, RESET, STALL, Script, raw_server

CERTIFICATE = Path(__file__).parents[3] / "support" / "localhost.pem"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
HELLO = b"Content-Length: 5\r\n\r\nhello"
EMPTY = b"Content-Length: 0\r\n\r\n"

DOCUMENTED = {0, 1, 2, 3, 6, 7, 8, 9, 18, 22, 23, 27, 28, 35, 47, 52, 55, 56, 60, 61, 77, 100}
"""The exit codes that docs/guide/tasks.md lists."""


class Case(NamedTuple):
    """What a server does, curl's exit code, and curl 7.88's (Debian 12) where it had another."""

    script: Script
    code: int
    older: int | None = None


def sends(*answers: bytes, end: str = CLOSE) -> Script:
    return Script(answers, end)


def leads_to(location: bytes, status: int = 302, rest: bytes = EMPTY, end: str = CLOSE) -> Script:
    head = b"HTTP/1.1 %d Found\r\nLocation: %s\r\n" % (status, location)
    return Script([head + rest, OK + HELLO], end)


# The codes were recorded from curl 7.88.1 and from libcurl 8.23.0 following redirects by itself.
CASES = {
    "whole": Case(sends(OK + HELLO), 0),
    "short": Case(sends(OK + b"Content-Length: 100\r\n\r\nhello"), 18),
    "short and nothing": Case(sends(OK + b"Content-Length: 100\r\n\r\n"), 18),
    "short and bad": Case(sends(b"HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nhello"), 18),
    "short and reset": Case(sends(OK + b"Content-Length: 100\r\n\r\nhello", end=RESET), 56),
    "longer than said": Case(sends(OK + b"Content-Length: 2\r\n\r\nhello"), 0),
    "of no length": Case(sends(OK + b"\r\nhello"), 0),
    "of no length, reset": Case(sends(OK + b"\r\nhello", end=RESET), 56),
    "nothing": Case(sends(b""), 52),
    "nothing, reset": Case(sends(b"", end=RESET), 56),
    "silence": Case(sends(b"", end=STALL), 28),
    "silence among headers": Case(sends(OK + b"Content-Type: te", end=STALL), 28),
    "silence in the body": Case(sends(OK + b"Content-Length: 100\r\n\r\nhello", end=STALL), 28),
    "chunks": Case(sends(CHUNKED + b"5\r\nhello\r\n0\r\n\r\n"), 0),
    "chunks and a trailer": Case(sends(CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n\r\n"), 0),
    "chunks without the last": Case(sends(CHUNKED + b"5\r\nhello\r\n"), 18),
    "a chunk cut short": Case(sends(CHUNKED + b"9\r\nhello"), 18),
    "chunks cut in a size": Case(sends(CHUNKED + b"5\r\nhello\r\n1"), 18),
    "chunks without an end": Case(sends(CHUNKED + b"5\r\nhello\r\n0\r\n"), 18),
    "a chunk and a reset": Case(sends(CHUNKED + b"9\r\nhello", end=RESET), 56),
    "a chunk of no size": Case(sends(CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n"), 56),
    "a chunk of any size": Case(sends(CHUNKED + b"f" * 20 + b"\r\nhello\r\n0\r\n\r\n"), 56),
    "a chunk that goes on": Case(sends(CHUNKED + b"5\r\nhelloXX0\r\n\r\n"), 56),
    "unasked encoding": Case(sends(OK + b"Transfer-Encoding: gzip\r\n\r\nhello"), 61),
    "unknown encoding": Case(sends(OK + b"Transfer-Encoding: foo\r\n\r\nhello"), 61),
    "gzip cut short": Case(
        sends(OK + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\n\x1f\x8b"), 18
    ),
    "length of letters": Case(sends(OK + b"Content-Length: abc\r\n\r\nhello"), 8),
    "negative length": Case(sends(OK + b"Content-Length: -1\r\n\r\nhello"), 8),
    "two lengths": Case(sends(OK + b"Content-Length: 6\r\n" + HELLO), 8, older=0),
    "no HTTP": Case(sends(b"hello\n"), 1),
    "every byte": Case(sends(bytes(range(256)) * 4), 1),
    "status of letters": Case(sends(b"HTTP/1.1 abc OK\r\n" + EMPTY), 1),
    "status of two digits": Case(sends(b"HTTP/1.1 20 OK\r\n" + EMPTY), 1),
    "status below 100": Case(sends(b"HTTP/1.1 099 OK\r\n" + EMPTY), 1),
    "unknown minor version": Case(sends(b"HTTP/1.10 200 OK\r\n" + EMPTY), 1),
    "status line cut short": Case(sends(b"HTTP/1.1 200 O"), 52),
    "header without colon": Case(sends(OK + b"foo\r\n" + EMPTY), 8),
    "header with NUL": Case(sends(OK + b"foo: a\0b\r\n" + EMPTY), 8),
    "header in Latin-1": Case(sends(OK + b"foo: a\xe9b\r\n" + EMPTY), 0),
    "folded header": Case(sends(OK + b"foo: a\r\n  b\r\n" + EMPTY), 0),
    "200 headers": Case(sends(OK + b"x: y\r\n" * 200 + EMPTY), 0),
    "6,000 headers": Case(sends(OK + b"x: y\r\n" * 6000 + EMPTY), 100, older=0),
    "a header of 200 KB": Case(
        sends(OK + b"x: " + b"y" * 200_000 + b"\r\n" + EMPTY), 100, older=27
    ),
    "headers of 500 KB": Case(sends(OK + (b"x: " + b"y" * 50_000 + b"\r\n") * 10 + EMPTY), 56),
    "lines without CR": Case(sends(b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"), 0),
    "early hints": Case(sends(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK + HELLO), 0),
    "nothing but hints": Case(sends(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"), 52),
    "another protocol": Case(sends(b"HTTP/1.1 101 Switching\r\nUpgrade: foo\r\n\r\n"), 52),
    "no content, yet some": Case(sends(b"HTTP/1.1 204 No Content\r\n" + HELLO), 0),
    "not found": Case(sends(b"HTTP/1.1 404 Not Found\r\n" + HELLO), 22),
    "to UTF-8": Case(leads_to("/é".encode()), 0),
    "to Latin-1": Case(leads_to(b"/\xe9"), 0),
    "to a space": Case(leads_to(b"/a b"), 0),
    "to a control character": Case(leads_to(b"/a\x01b"), 0, older=3),
    "to a relative path": Case(leads_to(b"x?y#z"), 0),
    "to a file": Case(leads_to(b"file:///etc/passwd"), 1),
    "to a file elsewhere": Case(leads_to(b"file://etc/passwd"), 3),
    "to FTP": Case(leads_to(b"ftp://127.0.0.1/"), 1),
    "to an unknown scheme": Case(leads_to(b"foo:bar"), 1),
    "to a script": Case(leads_to(b"javascript:alert(1)"), 1),
    "to no address": Case(leads_to(b"http://[/"), 3),
    "to no host": Case(leads_to(b"http://"), 3),
    "to no slashes": Case(leads_to(b"http:x"), 3),
    "to a port of five nines": Case(leads_to(b"http://127.0.0.1:99999/"), 3),
    "to port 0": Case(leads_to(b"http://127.0.0.1:0/"), 7),
    "to a name of other letters": Case(leads_to("http://bücher.invalid/".encode()), 6),
    "to two places": Case(leads_to(b"/x\r\nLocation: /y"), 8, older=0),
    "multiple choices": Case(leads_to(b"/x", 300), 0),
    "a redirect cut short": Case(
        leads_to(b"/x", rest=b"Content-Length: 50\r\n\r\nhel"), 18, older=0
    ),
    "a redirect and a reset": Case(
        leads_to(b"/x", rest=b"Content-Length: 50\r\n\r\nhel", end=RESET), 56
    ),
    "a circle": Case(sends(b"HTTP/1.1 302 F\r\nLocation: /\r\n" + EMPTY), 47),
}

Done = subprocess.CompletedProcess[bytes]


def order(tmp_path: Path, url: str, *, timeout: float = 1) -> Path:
    params: dict[str, object] = {
        "method": "GET",
        "url": url,
        "headers": {},
        "body": None,
        "expect": None,
    }
    params |= {"timeout": timeout, "follow_redirects": True}
    file = tmp_path / "order"
    file.write_text(json.dumps({"request": params, "allowed": "127.0.0.0/8"}))
    return file


def request(tmp_path: Path, url: str, env: dict[str, str] | None = None) -> Done:
    program = "punctual_worker.commands.http_request"
    argv = [sys.executable, "-I", "-m", program, str(order(tmp_path, url))]
    return subprocess.run(argv, check=False, capture_output=True, env=env or {}, timeout=30)


def curl(url: str, *options: str) -> Done:
    program = shutil.which("curl")
    if program is None:
        pytest.skip("no curl here: the codes above were recorded from one")
    argv = "-sS --fail-with-body -L --max-redirs 10 --http1.1 --noproxy * --connect-timeout 1"
    argv += " --speed-limit 1 --speed-time 1 -m 3 --proto-redir =http,https"
    options = ("-H", "Connection: close", *options, url)
    return subprocess.run([program, *argv.split(), *options], check=False, capture_output=True)


@pytest.mark.parametrize("name", CASES)
def test_a_request_ends_as_curl_does(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    with raw_server(case.script) as server:
        done = request(tmp_path, f"http://127.0.0.1:{server.port}/")
    assert done.returncode == case.code, done.stderr
    assert bool(done.stderr) == (case.code != 0 or b"Location" in case.script.answers[0])
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.code])
def test_what_went_wrong_is_a_sentence_of_its_own_about_something(
    tmp_path: Path, name: str
) -> None:
    with raw_server(CASES[name].script) as server:
        done = request(tmp_path, f"http://127.0.0.1:{server.port}/")
    last = done.stderr.decode().splitlines()[-1]
    assert re.match(r"[\w\[]", last), last
    assert ": :" not in last
    assert not last.endswith(":")
    both = done.stdout + done.stderr
    assert f"\n{last}\n".encode() in b"\n" + both


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/", "mailto:a@b"])
def test_a_redirect_to_another_protocol_says_where_it_leads(tmp_path: Path, place: str) -> None:
    with raw_server(leads_to(place.encode())) as server:
        done = request(tmp_path, f"http://127.0.0.1:{server.port}/")
    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"302 Found leads to {place}, which is n")


@pytest.mark.parametrize("name", CASES)
def test_the_codes_are_those_of_the_curl_that_is_here(name: str) -> None:
    case = CASES[name]
    with raw_server(case.script) as server:
        done = curl(f"http://127.0.0.1:{server.port}/")
    assert done.returncode in (case.code, case.older), done.stderr


def test_an_answer_that_ends_among_its_headers_is_incomplete_although_curl_takes_it(
    tmp_path: Path,
) -> None:
    with raw_server(sends(OK + b"Content-Type: te")) as server:
        done = request(tmp_path, f"http://127.0.0.1:{server.port}/")
        assert curl(f"http://127.0.0.1:{server.port}/").returncode == 0
    assert done.returncode == 18
    assert done.stdout.startswith(b"HTTP/1.1 200 OK\n")


def test_what_came_of_an_incomplete_answer_is_shown_and_what_is_missing_said(
    tmp_path: Path,
) -> None:
    with raw_server(CASES["short"].script) as server:
        done = request(tmp_path, f"http://127.0.0.1:{server.port}/")
    assert done.stdout == b"HTTP/1.1 200 OK\nContent-Length: 100\n\nhello"
    assert re.fullmatch(rb"\nthe answer is incomplete: .*95 bytes.*\n", done.stderr)


# Debian's curl 7.88 takes a connection that breaks off for its end.
@pytest.mark.parametrize(
    ("script", "code", "older"),
    [
        (sends(OK + HELLO), 0, None),
        (sends(OK + b"\r\nhello"), 0, None),
        (sends(OK + b"\r\nhello", end=RAGGED), 56, 0),
        (sends(OK + b"Content-Length: 100\r\n\r\nhello"), 18, None),
        (sends(OK + b"Content-Length: 100\r\n\r\nhello", end=RAGGED), 56, 18),
        (sends(CHUNKED + b"5\r\nhello\r\n", end=RAGGED), 56, 18),
    ],
)
def test_under_tls_only_a_proper_end_is_one(
    tmp_path: Path, script: Script, code: int, older: int | None
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with raw_server(script, context) as server:
        url = f"https://localhost:{server.port}/"
        done = request(tmp_path, url, env={"SSL_CERT_FILE": str(CERTIFICATE)})
        assert done.returncode == code, done.stderr
        assert curl(url, "--cacert", str(CERTIFICATE)).returncode in (code, older)


def test_a_server_without_tls_is_said_to_have_none(tmp_path: Path) -> None:
    with raw_server(Script([b"HTTP/1.1 400 Bad\r\n\r\n"], read=False)) as server:
        url = f"https://127.0.0.1:{server.port}/"
        done = request(tmp_path, url)
        assert (done.returncode, curl(url).returncode) == (35, 35)
    assert done.stderr.startswith(b"no TLS with 127.0.0.1: ")


PIECES = [OK, b"HTTP/1.1 302 Found\r\nLocation: ", b"\r\n", b"\r\n\r\n", b"Content-Length: ", b"5"]
PIECES += [b"hello", b"Transfer-Encoding: chunked\r\n\r\n", b"0\r\n\r\n", b"http://", b"HTTP/1.1 "]
ANSWERS = st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=12).map(b"".join)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(answer=ANSWERS, end=st.sampled_from([CLOSE, RESET]))
def test_whatever_a_server_sends_the_exit_code_is_one_that_is_documented(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], answer: bytes, end: str
) -> None:
    with raw_server(sends(answer, end=end)) as server:
        url = f"http://127.0.0.1:{server.port}/"
        code = http_request.main(str(order(tmp_path, url, timeout=0.2)))
    output = capfdbinary.readouterr().err
    assert code in DOCUMENTED - {http_request.FAULT}, output
    assert b"Traceback" not in output
    assert code == 0 or output.endswith(b"\n")
