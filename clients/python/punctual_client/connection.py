"""Requests to one server: sent, repeated where that is safe, and their errors raised."""

import random
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

import httpx

from punctual_client.problems import NotFound, Unreachable, problem_of
from punctual_client.retries import TRY_AGAIN, read_retry_after, wait_seconds

DISTRIBUTION = "punctual-scheduler-client"
TIMEOUT_SECONDS = 30.0
PAGE_SIZE = 100
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
SAFE = frozenset({"GET", "DELETE"})

Query = Mapping[str, str | int | bool | None]


class Connection:
    """An HTTP connection to a server, with a token."""

    def __init__(
        self, url: str, token: str | None = None, *, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        """Take the server's address as users see it: `https://punctual.example.com`."""
        self.url = clean_url(url)
        self._http = httpx.Client(
            base_url=self.url,
            timeout=timeout,
            headers={"User-Agent": f"punctual-client/{version(DISTRIBUTION)}"},
        )
        self._stopped = threading.Event()
        if token:
            self.use_token(token)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open; a request that waits for its next try fails."""
        self._stopped.set()
        self._http.close()

    def use_token(self, token: str) -> None:
        """Send this token from now on."""
        self._http.headers["Authorization"] = f"Token {token}"

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        once: bool = False,
        repeat: bool = True,
    ) -> httpx.Response:
        """Send a request and return its answer; raises Problem and Unreachable.

        `once` sends an Idempotency-Key, so that the server carries out a repetition once. Without
        `repeat` there is one try. A request that is neither safe nor has a key is repeated only
        while it cannot have arrived.
        """
        sent = dict(headers or {})
        if once:
            sent["Idempotency-Key"] = str(uuid.uuid4())
        safe = once or (method in SAFE and "If-Match" not in sent)
        request = self._http.build_request(
            method,
            path,
            params={name: value for name, value in (query or {}).items() if value is not None},
            headers=sent,
            json=body,
        )
        return self._answered(request, safe=safe, repeat=repeat)

    def _answered(self, request: httpx.Request, *, safe: bool, repeat: bool) -> httpx.Response:
        began, tries, failure = time.monotonic(), 0, None
        while True:
            tries += 1
            answer: httpx.Response | None = None
            retry_after: float | None = None
            try:
                answer = self._http.send(request)
            except httpx.TransportError as error:
                failure = error
                again = safe or isinstance(error, NEVER_SENT)
            else:
                retry_after = _retry_after(answer)
                again = answer.status_code in TRY_AGAIN and (safe or answer.status_code == 429)
            wait = (
                wait_seconds(
                    tries,
                    elapsed=time.monotonic() - began,
                    retry_after=retry_after,
                    chance=random.random(),  # noqa: S311 - keeps clients apart, protects nothing
                )
                if again and repeat
                else None
            )
            if wait is None or self._stopped.wait(wait):
                break
        if answer is None:
            raise _unreachable(self.url, failure) from failure
        try:
            return _checked(answer)
        except NotFound:
            if request.method == "DELETE" and tries > 1:
                return answer  # an earlier try has deleted it, and its answer was lost
            raise

    def read(self, path: str, query: Query | None = None) -> Any:
        """Return the JSON at an address."""
        return json_of(self.call("GET", path, query=query))

    def send(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """Send JSON, and return the JSON of the answer; None where it has no body."""
        answer = self.call(method, path, body=body, **options)
        return json_of(answer) if answer.content else None

    def pages(
        self, path: str, query: Query | None = None, *, page_size: int = PAGE_SIZE
    ) -> Iterator[Any]:
        """Return the items of a list one by one, each page when it is needed."""
        cursor: str | None = None
        while True:
            page = self.read(path, {**(query or {}), "limit": page_size, "cursor": cursor})
            yield from page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return


def clean_url(url: str) -> str:
    """Return a server's address without what is too much; raises ValueError for none."""
    typed = url.strip()
    try:
        parsed = httpx.URL(typed)
    except httpx.InvalidURL as error:
        raise ValueError(f"{url} is no address: {error}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"{url} is no address: it starts with http:// or https://, then a host.")
    return str(parsed.copy_with(query=None, fragment=None)).rstrip("/")


def json_of(answer: httpx.Response) -> Any:
    """Return the JSON of an answer; raises Unreachable where something else answers."""
    try:
        return answer.json()
    except ValueError:
        raise Unreachable(
            f"{answer.request.url} does not answer as Punctual does. Is the address right?"
        ) from None


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success or answer.status_code == 304:
        return answer
    if answer.is_redirect:
        raise Unreachable(
            f"{answer.request.url} redirects to {answer.headers.get('Location')}: use that address."
        )
    try:
        document = answer.json()
    except ValueError:
        document = None
    raise problem_of(answer.status_code, document, retry_after=_retry_after(answer))


def _retry_after(answer: httpx.Response) -> float | None:
    return read_retry_after(answer.headers.get("Retry-After"), now=datetime.now(UTC))


def _unreachable(url: str, error: httpx.TransportError | None) -> Unreachable:
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(f"{url} did not answer in time.")
    return Unreachable(f"{url} cannot be reached: {error}")
