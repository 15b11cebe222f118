"""One HTTP request as a command: `python -m punctual_worker.http_request FILE`.

The file holds JSON: the task's `request`, what the operator lets it reach (`allowed`), and how many
bytes of the answer are shown (`limit`). The answer goes to standard output, what went wrong to
standard error in one line, and the exit codes are those of curl where it has one.
"""

import http.client
import json
import socket
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from punctual.domain.addresses import Network, parse_allowed
from punctual_worker.pinned import Refused, connect

UNRESOLVED, UNREACHED, REFUSED, UNEXPECTED = 6, 7, 9, 22
TIMED_OUT, UNTRUSTED, TOO_MANY, BROKEN = 28, 60, 47, 56

MOST_REDIRECTS = 10
REDIRECTS = (301, 302, 303, 307, 308)
ANYWHERE = {"accept", "accept-language", "content-type", "user-agent"}
"""The headers of a task that also go to a host which somebody else redirected to."""

PIECE = 64 * 1024
PORTS = {"http": 80, "https": 443}


class Failed(Exception):
    """The request did not get the answer that was wanted; says why, and the exit code."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


def main(path: str) -> int:
    """Make the request that the file describes; returns the exit code."""
    order = json.loads(Path(path).read_text(encoding="utf-8"))
    try:
        _request(order["request"], parse_allowed(order["allowed"]), limit=order["limit"])
    except Failed as failure:
        _say(str(failure))
        return failure.code
    return 0


def _request(asked: Mapping[str, Any], allowed: tuple[Network, ...], *, limit: int) -> None:
    method, url, body = asked["method"], urlsplit(asked["url"]), asked["body"]
    headers = {"User-Agent": "punctual", "Connection": "close", **asked["headers"]}
    for _ in range(MOST_REDIRECTS + 1):
        sending = None if body is None else body.encode()
        connection = _connection(url, allowed, timeout=asked["timeout"])
        try:
            answer = _answered(connection, method, url, sending, headers)
            if answer.status not in REDIRECTS or not asked["follow_redirects"]:
                _show(answer, limit)
                _judge(answer, asked["expect"])
                return
            there = _redirected(answer, url)
        finally:
            connection.close()
        _say(f"{answer.status} {answer.reason}: {there.geturl()}")
        if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):
            method, body = ("HEAD" if method == "HEAD" else "GET"), None
        if _origin(there) != _origin(url):
            headers = {name: text for name, text in headers.items() if name.lower() in ANYWHERE}
            headers["Connection"] = "close"
        url = there
    raise Failed(TOO_MANY, f"more than {MOST_REDIRECTS} redirects")


def _connection(
    url: SplitResult, allowed: tuple[Network, ...], *, timeout: float
) -> http.client.HTTPConnection:
    scheme, host, port = _origin(url)
    try:
        sock = connect(host, port, allowed=allowed, timeout=timeout)
    except Refused as refusal:
        raise Failed(REFUSED, str(refusal)) from None
    except socket.gaierror as error:
        raise Failed(UNRESOLVED, f"{host} was not found: {error.strerror}") from None
    except TimeoutError:
        raise Failed(TIMED_OUT, f"{host} took no connection within {timeout:g} s") from None
    except OSError as error:
        why = error.strerror or str(error)
        raise Failed(UNREACHED, f"{host} port {port} was not reached: {why}") from None
    try:
        if scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise Failed(UNTRUSTED, f"{host} is not trusted: {error.verify_message}") from None
    except OSError as error:
        raise Failed(BROKEN, f"no TLS with {host}: {error}") from None
    connection = http.client.HTTPConnection(host, port)
    connection.default_port = PORTS[url.scheme]  # which Host does not name
    connection.sock = sock
    return connection


def _answered(
    connection: http.client.HTTPConnection,
    method: str,
    url: SplitResult,
    body: bytes | None,
    headers: Mapping[str, str],
) -> http.client.HTTPResponse:
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        connection.request(method, target, body=body, headers=dict(headers))
        answer = connection.getresponse()
    except TimeoutError:
        raise Failed(TIMED_OUT, f"{url.hostname} did not answer in time") from None
    except (OSError, http.client.HTTPException) as error:
        why = str(error) or type(error).__name__
        raise Failed(BROKEN, f"{url.hostname} gave no answer: {why}") from None
    return answer


def _redirected(answer: http.client.HTTPResponse, url: SplitResult) -> SplitResult:
    location = answer.getheader("Location", "")
    there = _address(url.geturl(), location) if location else None
    if there is None:
        raise Failed(BROKEN, f"{answer.status} leads to {location!r}, which is no address")
    if url.scheme == "https" and there.scheme == "http":
        raise Failed(REFUSED, f"{answer.status} leads away from https to {there.geturl()}")
    return there


def _address(here: str, location: str) -> SplitResult | None:
    try:
        parts = urlsplit(urljoin(here, location))
        usable = parts.scheme in PORTS and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _origin(url: SplitResult) -> tuple[str, str, int]:
    return url.scheme, url.hostname or "", url.port or PORTS.get(url.scheme, 0)


def _show(answer: http.client.HTTPResponse, limit: int) -> None:
    out = sys.stdout.buffer
    version = "1.0" if answer.version == 10 else "1.1"
    out.write(f"HTTP/{version} {answer.status} {answer.reason}\n".encode())
    for name, value in answer.getheaders():
        out.write(f"{name}: {value}\n".encode())
    out.write(b"\n")
    try:
        left = limit
        while left > 0 and (piece := answer.read(min(PIECE, left))):
            out.write(piece)
            left -= len(piece)
        out.flush()
        if not left and answer.read(1):
            _say(f"only the first {limit} bytes of the answer were read")
    except TimeoutError:
        raise Failed(TIMED_OUT, "the answer broke off: nothing more came in time") from None
    except (OSError, http.client.HTTPException) as error:
        raise Failed(BROKEN, f"the answer broke off: {error!r}") from None


def _judge(answer: http.client.HTTPResponse, expect: list[int] | None) -> None:
    good = 200 <= answer.status < 300 if expect is None else answer.status in expect
    if not good:
        wanted = "200 to 299" if expect is None else ", ".join(map(str, expect))
        why = f"answered {answer.status} {answer.reason}, and {wanted} was expected"
        raise Failed(UNEXPECTED, why)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
