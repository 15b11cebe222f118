"""HTTPS: whether a request used it, and the header that keeps browsers on it."""

from flask import Flask, current_app
from flask.globals import request_ctx

from punctual.domain.hosts import host_in, host_of
from punctual.ops.config import Settings

HSTS = ("Strict-Transport-Security", "max-age=31536000")

_HOST = "punctual_https_host"


def know_https(app: Flask, settings: Settings) -> None:
    """Take PUBLIC_URL's word for its host, as not every proxy says that TLS ended at it."""
    is_public = settings.public_url.startswith("https://")
    app.extensions[_HOST] = host_of(settings.public_url) if is_public else None


def is_https() -> bool:
    """Return whether the browser's side of this request is https."""
    environ = request_ctx.request.environ
    if environ["wsgi.url_scheme"] == "https":
        return True
    host: str | None = current_app.extensions[_HOST]
    return host is not None and host_in(environ.get("HTTP_HOST", "")) == host
