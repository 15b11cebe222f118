"""Mail: the URL of an SMTP server, the sender, and which addresses mail can be sent to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

Tls = Literal["from the start", "starttls", "never"]

PORTS = {"smtp": 587, "smtps": 465}
LAST_PORT = 65_535
DEFAULT_TIMEOUT = 10.0
LONGEST_TIMEOUT = 60.0
STARTTLS: Mapping[str, Tls] = {"always": "starttls", "never": "never"}
PARAMETERS = frozenset({"starttls", "ca", "timeout"})
LOOPBACK_NAME = "localhost"
DEFAULT_NAME = "Punctual"
ESCAPES = "in a user name or password write @ as %40, / as %2F, # as %23, ? as %3F"

_SPECIAL = r"()<>\[\]:;@\\,\"\s."
_ATOM = rf"[^{_SPECIAL}]+"
_LABEL = r"[^\W_]([\w-]{0,61}[^\W_])?"
ADDRESS = re.compile(rf"(?P<local>{_ATOM}(\.{_ATOM})*)@(?P<domain>{_LABEL}(\.{_LABEL})*)")
"""Without quotes, comments and literal hosts, which let one address look like several."""
LONGEST_LOCAL_BYTES, LONGEST_ADDRESS_BYTES = 64, 254

_SENDER = re.compile(r"(?:(?P<name>[^<>]*)<(?P<named>[^<>\s]+)>|(?P<plain>[^<>\s]+))")


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server and how to log in there; `ca` is a file of certificates to trust."""

    host: str
    port: int
    tls: Tls
    username: str = ""
    password: str = field(default="", repr=False)
    ca: str | None = None
    timeout_seconds: float = DEFAULT_TIMEOUT

    @property
    def shown(self) -> str:
        """Return where it is, for messages."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Sender:
    """The address that mail comes from, and the name that is shown for it."""

    name: str
    address: str


def parse_mail_server(url: str) -> MailServer:
    """Return the server of a URL; raises ValueError, which never repeats the URL or its parts."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"its host or port cannot be read; {ESCAPES}") from None
    if parts.scheme not in PORTS:
        raise ValueError("it must begin with smtp:// or smtps://")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("it has characters that no URL has: write them as %20")
    if parts.netloc.count("@") > 1 or parts.path not in ("", "/") or parts.fragment:
        raise ValueError(ESCAPES)
    if not parts.hostname or (port is not None and not 0 < port <= LAST_PORT):
        raise ValueError("it has no host, or a port that is none")
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(username) != bool(password):
        raise ValueError("it has a user name or a password, and needs both or neither")
    if not (username + password).isascii():
        raise ValueError("SMTP takes ASCII alone as user name and password")
    query = _query(parts.query)
    return MailServer(
        parts.hostname,
        port or PORTS[parts.scheme],
        _tls(parts.scheme, parts.hostname, query.get("starttls")),
        username,
        password,
        query.get("ca"),
        _seconds(query.get("timeout")),
    )


def parse_sender(text: str) -> Sender:
    """Return the sender of `Name <address>` or of an address alone; raises ValueError."""
    found = _SENDER.fullmatch(text.strip())
    if found is None or not text.isprintable():
        raise ValueError("it is no address")
    address = found["named"] or found["plain"]
    if not is_deliverable(address):
        raise ValueError("it is no address")
    name = (found["name"] or "").strip().strip('"').strip()
    return Sender(name or DEFAULT_NAME, address)


def is_deliverable(address: str) -> bool:
    """Return whether mail can be sent to an address; one with other letters needs SMTPUTF8."""
    found = ADDRESS.fullmatch(address)
    if found is None or not address.isprintable():
        return False
    local, whole = found["local"].encode(), address.encode("utf-8", "replace")
    return len(local) <= LONGEST_LOCAL_BYTES and len(whole) <= LONGEST_ADDRESS_BYTES


def _query(text: str) -> dict[str, str]:
    pairs = parse_qsl(text, keep_blank_values=True)
    query = dict(pairs)
    if unknown := sorted(query.keys() - PARAMETERS):
        known = ", ".join(sorted(PARAMETERS))
        raise ValueError(f"it has a parameter {unknown[0][:20]!r}; there are {known}")
    if len(query) < len(pairs):
        raise ValueError("it has a parameter twice")
    return query


def _tls(scheme: str, host: str, starttls: str | None) -> Tls:
    if scheme == "smtps":
        if starttls is not None:
            raise ValueError("smtps:// is TLS from the start: leave out starttls")
        return "from the start"
    if starttls is None:
        return "never" if is_loopback(host) else "starttls"
    if starttls not in STARTTLS:
        raise ValueError("starttls must be always or never")
    return STARTTLS[starttls]


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by its name or address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == LOOPBACK_NAME


def _seconds(text: str | None) -> float:
    if text is None:
        return DEFAULT_TIMEOUT
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise ValueError(f"timeout must be seconds, at most {LONGEST_TIMEOUT:g}")
    return seconds
