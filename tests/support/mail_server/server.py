"""A real SMTP server on 127.0.0.1: with and without TLS and AUTH; it remembers its mails."""

import asyncio
import email
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.eventually import eventually

CERTIFICATE = Path(__file__).parent.parent / "localhost.pem"
USER, PASSWORD = "punctual", "p@ss/word#1"


@dataclass
class Received:
    """A mail as the server took it."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes
    is_encrypted: bool
    login: str | None

    @property
    def text(self) -> str:
        """The plain text."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")

    @property
    def prose(self) -> str:
        """The plain text as one line."""
        return " ".join(self.text.split())

    @property
    def html(self) -> str:
        """The HTML."""
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content())

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(self.message["Subject"])

    def link(self, path: str) -> str:
        """The path of the page below `path` that the text leads to."""
        found = re.search(rf"https?://[^/\s]+({path}\S*)", self.text)
        assert found, self.text
        return found[1]


@dataclass
class MailServer:
    """Takes mails; `refusals` are answered to RCPT, one of `failures` to each DATA.

    `delay_seconds`: how slow it is to answer RCPT.
    """

    port: int = 0
    delay_seconds: float = 0
    mails: list[Received] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse an address, or take it."""
        await asyncio.sleep(self.delay_seconds)
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        """Take a mail."""
        if self.failures:
            return self.failures.pop(0)
        raw = cast("bytes", envelope.content)
        message = email.message_from_bytes(raw, policy=POLICY)
        login = cast("LoginPassword | None", session.auth_data)
        self.mails.append(
            Received(
                envelope.mail_from or "",
                list(envelope.rcpt_tos),
                message,
                raw,
                server.transport.get_extra_info("sslcontext") is not None,
                login.login.decode() if login is not None else None,
            )
        )
        return "250 taken"

    def to(self, address: str) -> list[Received]:
        """The mails that went to an address."""
        return [mail for mail in self.mails if mail.recipients == [address]]

    def wait_for(self, address: str, count: int = 1) -> Received:
        """The mail number `count` to an address, once it is there."""

        def found() -> Received | None:
            there = self.to(address)
            return there[count - 1] if len(there) >= count else None

        return cast("Received", eventually(found))


class Listening(Controller):
    """The library's controller, on a port that the kernel chooses."""

    def __init__(self, handler: MailServer, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__(
            handler, hostname="127.0.0.1", port=0, ssl_context=options.pop("from_the_start", None)
        )

    def factory(self) -> SMTP:
        """One server a connection."""
        return SMTP(self.handler, hostname="mail.test", **self._options)

    def _trigger_server(self) -> None:
        # The library connects to the port that it was given, which is 0 here.
        server = cast("asyncio.Server", self.server)
        self.handler.port = self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def _is_user(
    _server: Any, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    is_known = data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=is_known, handled=False, auth_data=data if is_known else None)


def server_context() -> ssl.SSLContext:
    """TLS as `localhost`, by a certificate that no public authority has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@contextmanager
def mail_server(
    *, starttls: bool = False, tls: bool = False, login: bool = False, utf8: bool = False
) -> Iterator[MailServer]:
    """A server that runs until the end of the block; `login` is refused without TLS."""
    options: dict[str, Any] = {"enable_SMTPUTF8": utf8}
    if starttls:
        options |= {"tls_context": server_context(), "require_starttls": True}
    if tls:
        options["from_the_start"] = server_context()
    if login:
        options |= {"authenticator": _is_user, "auth_required": True}
    made = MailServer()
    listening = Listening(made, options)
    listening.start()
    try:
        yield made
    finally:
        listening.stop()
