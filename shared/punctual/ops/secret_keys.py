"""Keys of secrets as settings have them: 32 bytes as text, after a prefix that says which half.

A public key begins with `pctpub_`, a private one with `pctkey_`, so that neither is taken for the
other, and programs that look for leaked credentials know what they have found.
"""

import base64
import binascii
from typing import Protocol

KEY_BYTES = 32
PUBLIC_PREFIX = "pctpub_"
PRIVATE_PREFIX = "pctkey_"
KEYGEN = "`punctual secrets keygen` makes a pair"


class SecretSettings(Protocol):
    """The part of the settings that is checked here."""

    @property
    def secrets_public_key(self) -> str: ...

    @property
    def secrets_private_key(self) -> str: ...

    @property
    def secret_files(self) -> str: ...


def write_key(prefix: str, key: bytes) -> str:
    """Return a key as text."""
    return prefix + base64.urlsafe_b64encode(key).decode().rstrip("=")


def parse_public_key(text: str) -> bytes:
    """Return a public key; raises ValueError, never with the text, which may be a private one."""
    return _parse(text.strip(), PUBLIC_PREFIX, PRIVATE_PREFIX, "private")


def parse_private_keys(text: str) -> list[bytes]:
    """Return the private keys of a list with commas, the present one first; raises ValueError."""
    return [_parse(key.strip(), PRIVATE_PREFIX, PUBLIC_PREFIX, "public") for key in text.split(",")]


def check_secret_keys(s: SecretSettings) -> None:
    """Raise ValueError, naming the setting without its prefix, for one that cannot be used."""
    for name, text, parse in (
        ("SECRETS_PUBLIC_KEY", s.secrets_public_key, parse_public_key),
        ("SECRETS_PRIVATE_KEY", s.secrets_private_key, parse_private_keys),
    ):
        try:
            if text:
                parse(text)
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None
    if s.secret_files and not s.secret_files.startswith("/"):
        raise ValueError(f"SECRET_FILES must be an absolute path, not {s.secret_files!r}")


def _parse(text: str, prefix: str, other: str, other_half: str) -> bytes:
    if text.startswith(other):
        raise ValueError(f"is a {other_half} key: it must begin with {prefix}")
    try:
        encoded = text.removeprefix(prefix)
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(prefix) or len(key) != KEY_BYTES:
        raise ValueError(f"must be {prefix} and 43 characters: {KEYGEN}")
    return key
