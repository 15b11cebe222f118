"""Where this installation is reached."""

from flask import request

from punctual_api.http.context import settings


def own_url() -> str:
    """Return where users reach this installation, without a slash at the end."""
    return (settings().public_url or request.url_root).rstrip("/")
