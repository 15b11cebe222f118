"""Asks the API whether it is ready, as a load balancer would."""

from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

EVERYWHERE = ("", "0.0.0.0", "::")
ANSWER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """The API's address, to people and to probes."""

    host: str
    port: int

    @classmethod
    def of_bind(cls, bind: str) -> "Readiness":
        """Return the address to probe for the API's `host:port`; loopback for all interfaces."""
        host, _, port = bind.rpartition(":")
        host = host.strip("[]")
        return cls("127.0.0.1" if host in EVERYWHERE else host, int(port))

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def answers(self) -> bool:
        """Return whether GET /readyz answers 200 right now."""
        connection = HTTPConnection(self.host, self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
