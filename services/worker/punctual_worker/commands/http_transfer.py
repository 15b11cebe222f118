"""One HTTP exchange through libcurl, to checked addresses only."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pycurl

from punctual.domain.commands.addresses import Network, why_refused
from punctual.domain.commands.reach import Reach, why_out_of_reach

STATUS_LINE = re.compile(rb"HTTP/\S+[ \t]+([0-9]{3})(?:[ \t]+(.*))?")
LONGEST_SELECT_SECONDS = 1.0
RESOLVING_PAUSE_SECONDS = 0.005
"""Between two looks at a transfer that has no descriptor to wait for."""

QUICK_EXIT = 322
"""libcurl's option, which pycurl has no name for: do not wait for a lookup that was given up."""

REFUSED = 9
"""curl's CURLE_REMOTE_ACCESS_DENIED: no request may go there."""


class TransferError(Exception):
    """A request got no complete answer; `code` is curl's exit code, the text is one line."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(one_line(why))
        self.code = code


class Request(NamedTuple):
    """The request to send, and for how many seconds each step of the exchange may last."""

    method: str
    url: pycurl.CurlUrl
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float
    schemes: int
    total_timeout: float = 0
    """Seconds of the whole exchange; 0 is no limit."""

    @property
    def host(self) -> str:
        """Return the host's name without the brackets of an IPv6 address."""
        return (self.url.host or "").strip("[]")


@dataclass
class Head:
    """The status line and the headers of an answer, as they came, each with its line end."""

    lines: list[bytes] = field(default_factory=list)
    complete: bool = False

    def add(self, line: bytes) -> None:
        """Take one line; interim answers (1xx) give way to the next one, trailers are left out."""
        if self.complete:
            return
        if line.startswith(b"HTTP/") and self.lines and self.lines[-1] in (b"\r\n", b"\n"):
            self.lines = []
        self.lines.append(line)
        self.complete = line in (b"\r\n", b"\n") and not 100 <= self.status < 200

    @property
    def text(self) -> bytes:
        """Return the lines as they are shown, without carriage returns."""
        return b"".join(line.rstrip(b"\r\n") + b"\n" for line in self.lines)

    @property
    def status(self) -> int:
        """Return the status, 0 before there is one."""
        found = STATUS_LINE.match(self.lines[0]) if self.lines else None
        return 0 if found is None else int(found[1])

    @property
    def phrase(self) -> str:
        """Return the status with its reason phrase."""
        found = STATUS_LINE.match(self.lines[0]) if self.lines else None
        text = b"" if found is None else b" ".join(filter(None, found.groups()))
        return one_line(text.strip().decode(errors="replace"))

    @property
    def location(self) -> bytes | None:
        """Return the value of the first Location header, or None when there is none."""
        for line in self.lines[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"location":
                return value.strip() or None
        return None


def transfer(
    request: Request,
    *,
    allowed: tuple[Network, ...],
    reach: Reach | None = None,
    on_head: Callable[[Head], bool],
    on_body: Callable[[bytes], bool],
) -> Head:
    """Make one request and read its whole answer; a redirect is an answer.

    `on_head` is called with the head of the answer before its body, and with what there is of one
    when the rest will not come; either callback ends the transfer with False. Raises TransferError.
    """
    head, gate = Head(), _Gate(allowed, reach)

    def header(line: bytes) -> int:
        complete = head.complete
        head.add(line)
        wanted = complete or not head.complete or on_head(head)
        return len(line) if wanted else -1

    with pycurl.Curl() as curl:
        _describe(curl, request)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, gate.open)
        curl.setopt(pycurl.HEADERFUNCTION, header)
        curl.setopt(pycurl.WRITEFUNCTION, lambda piece: len(piece) if on_body(piece) else -1)
        code, why = _run(curl, request)
    if head.lines and not head.complete:
        on_head(head)
        # libcurl takes headers that break off for all of them.
        code, why = (code, why) if code else (pycurl.E_PARTIAL_FILE, "it ends among its headers")
    if code:
        raise _error(code, why, request, gate)
    return head


def origin(url: pycurl.CurlUrl) -> tuple[str, str, str]:
    """Return scheme, host and port, as libcurl reads them."""
    port = url.getpart(pycurl.UPART_PORT, pycurl.U_DEFAULT_PORT)
    return (url.scheme or "").lower(), (url.host or "").lower(), port or ""


def one_line(text: str) -> str:
    """Return text as one line of printable characters."""
    return "".join(char if char.isprintable() else "�" for char in text).strip()


class _Gate:
    """Opens the sockets of a transfer, to the addresses that it may use and no others."""

    def __init__(self, allowed: tuple[Network, ...], reach: Reach | None) -> None:
        self._allowed = allowed
        self._reach = reach
        self.setting = "PUNCTUAL_HTTP_ALLOW_PRIVATE"
        self.refusals: dict[str, str] = {}
        self.opened = False

    def open(self, _purpose: int, place: pycurl.CurlSockAddr) -> int:
        """Return a socket for an address that libcurl is about to connect to, or none.

        What is raised here would reach the output as a traceback, and connect nothing.
        """
        try:
            address: object = place.addr[0]
            name = address.decode() if isinstance(address, bytes) else str(address)
            if why := why_refused(name, allowed=self._allowed):
                self.refusals[name] = why
                return pycurl.SOCKET_BAD
            # The packet filter would refuse it too, but not say why.
            if self._reach is not None and (why := why_out_of_reach(name, self._reach)):
                self.refusals[name] = why
                self.setting = "PUNCTUAL_COMMAND_NETWORKS"
                return pycurl.SOCKET_BAD
            self.opened = True
            return socket.socket(place.family, place.socktype, place.protocol).detach()
        except (OSError, ValueError, TypeError, IndexError) as error:
            self.refusals[repr(place.addr)] = f"unusable: {error}"
            return pycurl.SOCKET_BAD


def _describe(curl: pycurl.Curl, request: Request) -> None:
    # Empty values switch off what libcurl would add by itself.
    headers = {
        "Connection": "close",
        "Content-Type": "",
        "Expect": "",
        "User-Agent": "punctual",
    }
    own = {name.lower() for name in request.headers}
    added = (f"{name}: {text}" for name, text in headers.items() if name.lower() not in own)
    theirs = (f"{name}: {text}" if text else f"{name};" for name, text in request.headers.items())
    options: dict[int, object] = {
        pycurl.CURLU: request.url,
        pycurl.PROTOCOLS: request.schemes,
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.CUSTOMREQUEST: request.method,
        pycurl.HTTPHEADER: [*added, *theirs],
        pycurl.PROXY: "",
        pycurl.NETRC: pycurl.NETRC_IGNORED,
        pycurl.NOSIGNAL: 1,
        QUICK_EXIT: 1,
        pycurl.FOLLOWLOCATION: 0,
        pycurl.TIMEOUT_MS: int(request.total_timeout * 1000),
    }
    if request.method == "HEAD":
        options[pycurl.NOBODY] = 1
    elif request.body is not None or request.method in ("POST", "PUT", "PATCH"):
        options[pycurl.POSTFIELDS] = request.body or b""
    for option, value in chain(options.items(), _certificates().items()):
        curl.setopt(option, value)


@lru_cache(maxsize=1)
def _certificates() -> dict[int, object]:
    """Return the options for trusted certificates: those that Python trusts on this system."""
    paths = ssl.get_default_verify_paths()
    found = {pycurl.CAINFO: paths.cafile, pycurl.CAPATH: paths.capath}
    return {option: path for option, path in found.items() if path and Path(path).exists()}


def _run(curl: pycurl.Curl, request: Request) -> tuple[int, str]:
    with pycurl.CurlMulti() as multi:
        multi.add_handle(curl)
        try:
            return _run_in(multi, curl, request)
        finally:
            multi.remove_handle(curl)


def _run_in(multi: pycurl.CurlMulti, curl: pycurl.Curl, request: Request) -> tuple[int, str]:
    step: tuple[object, ...] | None = None
    deadline = 0.0
    while multi.perform()[1]:
        now = time.monotonic()
        if (reached := _step(curl)) != step:
            step, deadline = reached, now + request.timeout
        if now >= deadline:
            return pycurl.E_OPERATION_TIMEDOUT, _stalled(curl, request)
        own = multi.timeout()
        wait = min(deadline - now, LONGEST_SELECT_SECONDS, own / 1000 if own >= 0 else 60.0)
        if multi.select(wait) == -1:
            threading.Event().wait(RESOLVING_PAUSE_SECONDS)
    _, _, failed = multi.info_read()
    return (failed[0][1], failed[0][2]) if failed else (0, "")


STEPS = (
    pycurl.NAMELOOKUP_TIME,
    pycurl.CONNECT_TIME,
    pycurl.PRETRANSFER_TIME,
    pycurl.SIZE_UPLOAD_T,
    pycurl.SIZE_DOWNLOAD_T,
    pycurl.HEADER_SIZE,
)


def _step(curl: pycurl.Curl) -> tuple[object, ...]:
    return tuple(curl.getinfo(step) for step in STEPS)


def _stalled(curl: pycurl.Curl, request: Request) -> str:
    if curl.getinfo(pycurl.SIZE_DOWNLOAD_T) or curl.getinfo(pycurl.HEADER_SIZE):
        return "the answer broke off: nothing more came in time"
    if curl.getinfo(pycurl.PRETRANSFER_TIME):
        return f"{request.host} did not answer in time"
    return f"{request.host} took no connection within {request.timeout:g} s"


def _error(code: int, text: str, request: Request, gate: _Gate) -> TransferError:
    host = request.host
    if gate.refusals and not gate.opened:
        each = (
            f"{host} is {why}" if address == host else f"{host} is {address}, {why}"
            for address, why in gate.refusals.items()
        )
        return TransferError(REFUSED, f"refused: {'; '.join(each)} ({gate.setting})")
    text = text.strip() or pycurl.easy_strerror(code)
    match code:
        case pycurl.E_OPERATION_TIMEDOUT:
            why = text
        case pycurl.E_COULDNT_RESOLVE_HOST:
            why = f"{host} was not found: {text}"
        case pycurl.E_COULDNT_CONNECT:
            why = f"{host} port {origin(request.url)[2]} was not reached: {text}"
        case pycurl.E_SSL_CONNECT_ERROR:
            why = f"no TLS with {host}: {text}"
        case pycurl.E_PEER_FAILED_VERIFICATION:
            why = f"{host} is not trusted: {text}"
        case pycurl.E_PARTIAL_FILE:
            why = f"the answer is incomplete: {text}"
        case pycurl.E_GOT_NOTHING:
            why = f"{host} gave no answer: {text}"
        case pycurl.E_SEND_ERROR | pycurl.E_RECV_ERROR:
            why = f"the connection with {host} broke off: {text}"
        case _:
            why = f"{host}: {text}" if host else text
    return TransferError(code, why)
