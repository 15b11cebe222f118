"""Trusted proxies: whose headers give a client's address, scheme and host."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from punctual.domain.commands.addresses import parse_networks
from punctual.ops.config import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WITH_PORT = re.compile(r"\[(?P<v6>[^]]*)\](:\d+)?|(?P<v4>[\d.]+):\d+", re.ASCII)


def trust_proxies(app: Flask, settings: Settings) -> None:
    """Read `X-Forwarded-*` where the settings say that a proxy sets them, and nowhere else."""
    hops = settings.trust_proxy
    if not hops:
        return
    plain = app.wsgi_app
    behind = ProxyFix(_checked(plain), x_for=hops, x_proto=hops, x_host=hops)
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


def client_address(forwarded: str) -> str | None:
    """Return the address that a proxy names, without a port, or None where it names none.

    Some proxies append the client's port, and some pass on what a client wrote: a text that is no
    address reaches neither limits nor sessions nor the audit log.
    """
    found = WITH_PORT.fullmatch(forwarded)
    try:
        return str(ip_address((found["v6"] or found["v4"]) if found else forwarded))
    except ValueError:
        return None


def _checked(app: "WSGIApplication") -> "WSGIApplication":
    """Replace a forwarded address or scheme that is none by the connection's own."""

    def check(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        peer = environ["werkzeug.proxy_fix.orig"]
        named = client_address(environ.get("REMOTE_ADDR") or "")
        environ["REMOTE_ADDR"] = named or peer["REMOTE_ADDR"]
        if environ["wsgi.url_scheme"] not in ("http", "https"):
            environ["wsgi.url_scheme"] = peer["wsgi.url_scheme"]
        return app(environ, start_response)

    return check
