"""One HTTP request as a command: `python -m punctual_worker.commands.http_request FILE`.

The file holds JSON: the task's `request`, and what the operator lets it reach (`allowed`, and
`networks` where commands do not reach everything). Where
the request uses secrets, they are put in here, with its parameters: `secrets` names the variables
that hold them, so that no file does. The answer goes to standard output as it comes, what went
wrong to standard error in one line, and the exit codes are curl's: libcurl makes the request, so
that it ends as curl would.
"""

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pycurl

from punctual.domain.commands.addresses import Network, parse_allowed
from punctual.domain.commands.reach import ALL, Reach, parse_reach
from punctual_worker.commands.http_transfer import (
    REFUSED,
    Head,
    Request,
    TransferError,
    one_line,
    origin,
    transfer,
)

FAULT = pycurl.E_FAILED_INIT
UNEXPECTED = pycurl.E_HTTP_RETURNED_ERROR
TOO_MANY = pycurl.E_TOO_MANY_REDIRECTS

UNSUPPORTED_SCHEME = 5
"""libcurl's CURLUE_UNSUPPORTED_SCHEME, which pycurl has no name for."""

MOST_REDIRECTS = 10
SENT_ACROSS_ORIGINS = {"accept", "accept-language", "content-type", "user-agent"}
"""The headers of a task that also go to a host which an answer redirects to."""

SECURE = pycurl.PROTO_HTTPS
BOTH = pycurl.PROTO_HTTP | SECURE


def main(path: str) -> int:
    """Make the request that the file describes; returns the exit code."""
    output = _Output()
    try:
        order = json.loads(Path(path).read_text(encoding="utf-8"))
        reach = parse_reach(order.get("networks", ALL))
        _request(_filled(order), parse_allowed(order["allowed"]), reach, output)
    except TransferError as failure:
        _write_line(str(failure), on_new_line=output.is_in_a_line)
        return failure.code
    except Exception as error:  # noqa: BLE001 - a traceback is of no use to a task's owner
        why = f"the request could not be made: {type(error).__name__}: {error}"
        _write_line(why, on_new_line=output.is_in_a_line)
        return FAULT
    return 0


def _filled(order: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the request as it is sent."""
    request: Mapping[str, Any] = order["request"]
    if "secrets" not in order:
        return request
    from punctual.domain.commands.http_params import fill_in  # most requests start without it

    values = {name: os.environ[variable] for name, variable in order["secrets"].items()}
    return fill_in(request, {**order["params"], **values})


def _request(
    params: Mapping[str, Any],
    allowed: tuple[Network, ...],
    reach: Reach | None,
    output: "_Output",
) -> None:
    body = params["body"]
    request = Request(
        method=params["method"],
        url=_url(params["url"]),
        headers=params["headers"],
        body=None if body is None else body.encode(),
        timeout=params["timeout"],
        schemes=BOTH,
    )
    output.follow = params["follow_redirects"]
    for _ in range(MOST_REDIRECTS + 1):
        try:
            head = transfer(
                request, allowed=allowed, reach=reach, on_head=output.begin, on_body=output.add
            )
        except TransferError as failure:
            raise failure if output.error is None else _unwritten(output.error) from None
        if not output.redirected:
            _judge(head, params["expect"])
            return
        request = _redirected(request, head)
    raise TransferError(TOO_MANY, f"more than {MOST_REDIRECTS} redirects")


class _Output:
    """Writes an answer to standard output, unless it leads on to another one."""

    def __init__(self) -> None:
        self.follow = True
        self.is_in_a_line = False  # the last byte written ends no line
        self.redirected = False
        self.error: OSError | None = None

    def begin(self, head: Head) -> bool:
        """Write the head; False when that failed."""
        leads_on = head.complete and 300 <= head.status < 400 and bool(head.location)
        self.redirected = self.follow and leads_on
        return self.add(head.text)

    def add(self, piece: bytes) -> bool:
        """Write a part of the answer at once; False when that failed."""
        if self.redirected:
            return True
        try:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        except OSError as error:
            self.error = error
            return False
        if piece:
            self.is_in_a_line = not piece.endswith(b"\n")
        return True


def _unwritten(error: OSError) -> TransferError:
    return TransferError(pycurl.E_WRITE_ERROR, f"the output was not written: {error}")


def _redirected(request: Request, head: Head) -> Request:
    url = request.url.__copy__()
    try:
        url.setpart(pycurl.UPART_URL, head.location, pycurl.U_URLENCODE)
        _encode_host(url)
        scheme, _, _ = there = origin(url)
    except (pycurl.error, UnicodeError) as error:
        where = (head.location or b"").decode(errors="replace")
        raise _no_url(f"{head.phrase} leads to {where}", error) from None
    if scheme not in ("http", "https"):
        why = f"{head.phrase} leads to {url.url}, which is neither http nor https"
        raise TransferError(pycurl.E_UNSUPPORTED_PROTOCOL, why)
    if request.url.scheme == "https" and scheme == "http":
        raise TransferError(REFUSED, f"{head.phrase} leads away from https to {url.url}")
    _write_line(f"{head.phrase}: {url.url}")
    method, body, headers = request.method, request.body, request.headers
    if head.status == 303 or (head.status in (301, 302) and method == "POST"):
        method, body = ("HEAD" if method == "HEAD" else "GET"), None
    if there != origin(request.url):
        headers = {name: text for name, text in headers.items() if _may_leave(name)}
    schemes = SECURE if scheme == "https" else BOTH
    return request._replace(method=method, url=url, headers=headers, body=body, schemes=schemes)


def _may_leave(name: str) -> bool:
    return name.lower() in SENT_ACROSS_ORIGINS


def _url(text: str) -> pycurl.CurlUrl:
    try:
        url = pycurl.CurlUrl(text.encode())
        _encode_host(url)
    except (pycurl.error, UnicodeError) as error:
        raise _no_url(text, error) from None
    return url


def _no_url(text: str, error: Exception) -> TransferError:
    code, *details = error.args if isinstance(error, pycurl.error) else (None, error)
    unsupported = code == UNSUPPORTED_SCHEME
    exit_code = pycurl.E_UNSUPPORTED_PROTOCOL if unsupported else pycurl.E_URL_MALFORMAT
    return TransferError(exit_code, f"{text}, which is no URL to follow: {details[0]}")


def _encode_host(url: pycurl.CurlUrl) -> None:
    """Write a name of other letters as the domain name system has it (xn--…)."""
    host = url.host
    if host and not host.isascii():
        url.host = host.encode("idna")


def _judge(head: Head, expect: list[int] | None) -> None:
    good = 200 <= head.status < 300 if expect is None else head.status in expect
    if not good:
        wanted = "200 to 299" if expect is None else ", ".join(map(str, expect))
        why = f"answered {head.phrase}, and {wanted} was expected"
        raise TransferError(UNEXPECTED, why)


def _write_line(line: str, *, on_new_line: bool = False) -> None:
    """Write a line to standard error; `apart`, after an end of the line that the answer left."""
    with contextlib.suppress(OSError):
        os.write(2, f"{chr(10) * on_new_line}{one_line(line)}\n".encode(errors="replace"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
