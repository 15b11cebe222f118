"""Settings as text fit for a log: secrets, and passwords in URLs, masked."""

from dataclasses import fields
from typing import TYPE_CHECKING

from punctual.ops.server_urls import MASK, mask_url

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def shown_settings(settings: "DataclassInstance", *, prefix: str) -> dict[str, str]:
    """Return every setting by its variable."""
    shown = {}
    for item in fields(settings):
        given = getattr(settings, item.name)
        value = "" if given is None else str(int(given) if isinstance(given, bool) else given)
        if item.metadata.get("secret") and value:
            value = mask_url(value) if item.name.endswith("_url") else MASK
        shown[prefix + item.name.upper()] = value
    return shown
