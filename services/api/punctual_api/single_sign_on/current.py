"""The provider of this app, if it has one; what speaks to it is loaded only then."""

from typing import TYPE_CHECKING

from flask import Flask, current_app

from punctual.ops.config import Settings

if TYPE_CHECKING:
    from punctual_api.single_sign_on.provider import Provider

_EXTENSION = "punctual_provider"


def know_provider(app: Flask, settings: Settings) -> None:
    """Let `current_provider` answer the one of the settings; nothing is sent to it yet."""
    if not settings.oidc_issuer:
        app.extensions[_EXTENSION] = None
        return
    from punctual_api.single_sign_on.provider import Provider  # 16 MiB and 0.2 s

    app.extensions[_EXTENSION] = Provider(settings)


def current_provider() -> "Provider | None":
    """Return this app's provider; None without single sign-on."""
    found: Provider | None = current_app.extensions[_EXTENSION]
    return found
