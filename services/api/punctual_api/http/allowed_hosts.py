"""Allowed hosts: refuse other Host headers, against DNS rebinding."""

from collections.abc import Callable
from functools import lru_cache

from flask import Flask
from flask.globals import request_ctx

from punctual.domain.hosts import ANY, LOOPBACK, host_in, host_of, parse_hosts
from punctual.ops.config import Settings
from punctual_api.http.problems import Problem
from punctual_api.http.request_hooks import PROBES

LONGEST_SHOWN = 100


def refuse_foreign_hosts(app: Flask, settings: Settings) -> None:
    """Answer 421 for every other host, whatever the address; register it before all other hooks.

    Probes and scrapers name a pod's address as the host, so what holds nothing of users answers
    for any.
    """
    is_ours = _check_for(settings)

    def refuse() -> None:
        environ = request_ctx.request.environ
        sent = environ.get("HTTP_HOST", "")
        if is_ours(sent) or environ["PATH_INFO"] in PROBES:
            return
        if host_in(sent) is None:
            raise Problem(400, "The Host header must be one host name, with or without a port.")
        raise Problem(
            421,
            f"This server does not answer for the host {sent[:LONGEST_SHOWN]!r}. If it should, add "
            "the name to the setting PUNCTUAL_ALLOWED_HOSTS.",
        )

    app.before_request(refuse)


def _check_for(settings: Settings) -> Callable[[str], bool]:
    ours = LOOPBACK | parse_hosts(settings.allowed_hosts)
    if settings.public_url:
        ours |= {host_of(settings.public_url)}

    @lru_cache(maxsize=256)  # clients send the same few headers again and again
    def is_ours(header: str) -> bool:
        return ANY in ours or host_in(header) in ours

    return is_ours
