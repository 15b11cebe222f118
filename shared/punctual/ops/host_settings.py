"""Settings of names and proxies: which hosts an API answers for, and whom it believes."""

from typing import Protocol

from punctual.domain.commands.addresses import parse_networks
from punctual.domain.hosts import parse_hosts, parse_public_url


class HostSettings(Protocol):
    """The part of the settings that is checked here."""

    @property
    def allowed_hosts(self) -> str: ...

    @property
    def proxy_networks(self) -> str: ...

    @property
    def public_url(self) -> str: ...


def check_hosts(s: HostSettings) -> None:
    """Raise ValueError, naming the setting without its prefix, for one that cannot be used."""
    try:
        parse_hosts(s.allowed_hosts)
    except ValueError as error:
        raise ValueError(
            "ALLOWED_HOSTS must be host names such as cron.example.com,10.1.2.3, without "
            f"ports, or * for every host: {error} is none"
        ) from None
    try:
        parse_networks(s.proxy_networks)
    except ValueError as error:
        raise ValueError(f"PROXY_NETWORKS must be networks such as 10.0.0.0/8: {error}") from None
    try:
        if s.public_url:
            parse_public_url(s.public_url)
    except ValueError as error:
        raise ValueError(
            f"PUBLIC_URL must be a URL such as https://cron.example.com: {error}"
        ) from None
