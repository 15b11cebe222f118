"""What users read after a logout here, while the provider may still know them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from punctual_api.single_sign_on.current import current_provider

BY_SIGN_ON = "single_sign_on"
"""In the cookie: the session began at the provider."""
DONE = "You are logged out."
ALSO_THERE = Markup(
    'You are logged out here. <a href="{url}">Log out of {name} too</a>'
    ", if others use this browser."
)


def logged_out_message(cookie: Mapping[str, Any]) -> str:
    """Return the message, with a link to the provider's logout where there is one."""
    provider = current_provider()
    url = provider.logout_url() if provider is not None and BY_SIGN_ON in cookie else None
    if provider is None or url is None:
        return DONE
    query = urlencode({"client_id": provider.client_id})
    address = f"{url}{'&' if '?' in url else '?'}{query}"
    return ALSO_THERE.format(url=address, name=provider.name)
