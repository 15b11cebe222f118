"""Trusted proxies: whose headers give a client's address, scheme and host."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from punctual.domain.commands.addresses import parse_networks
from punctual.ops.config import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def trust_proxies(app: Flask, settings: Settings) -> None:
    """Read `X-Forwarded-*` where the settings say that a proxy sets them, and nowhere else."""
    hops = settings.trust_proxy
    if not hops:
        return
    plain = app.wsgi_app
    behind = ProxyFix(plain, x_for=hops, x_proto=hops, x_host=hops)
    networks = parse_networks(settings.proxy_networks)

    @lru_cache(maxsize=1024)
    def is_proxy(peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in networks)

    def choose(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if networks and not is_proxy(environ.get("REMOTE_ADDR", "")):
            return plain(environ, start_response)
        return behind(environ, start_response)

    app.wsgi_app = choose  # type: ignore[method-assign]
