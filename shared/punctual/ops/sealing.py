"""Seal a secret's value with a public key, and open it with the private one.

libsodium's sealed box says nothing about what it contains: a writer of the database could move the
box of one secret into the row of another. So team and name are sealed in front of the value, and
opening compares them. The contents are padded: a box shows a value's length only to BLOCK bytes.
docs/internals/decisions/access/0031-sealed-secrets.md has the reasons.
"""

import hashlib
import struct
import uuid
from collections.abc import Iterable, Mapping

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from punctual.ops.secret_keys import (
    PRIVATE_PREFIX,
    PUBLIC_PREFIX,
    parse_private_keys,
    parse_public_key,
    write_key,
)

BLOCK = 64
HEAD = struct.Struct("!B16sHI")
"""Format, team, length of the name, length of the value; both follow, then zeros."""
FORMAT = 1


class CannotOpenError(Exception):
    """No key at hand opens a box, or it is not the one of this team and name."""


class SealingKey:
    """A public key, by which values are sealed."""

    def __init__(self, text: str) -> None:
        """Read the setting SECRETS_PUBLIC_KEY; raises ValueError."""
        self._key = PublicKey(parse_public_key(text))
        self.id = key_id(bytes(self._key))

    def seal(self, value: str, *, team_id: uuid.UUID, name: str) -> bytes:
        """Return the value in a box that only the private key opens, bound to team and name."""
        return bytes(SealedBox(self._key).encrypt(_pack(value, team_id=team_id, name=name)))


class OpeningKeys:
    """Private keys, by the ids that boxes are stored with."""

    def __init__(self, text: str) -> None:
        """Read the setting SECRETS_PRIVATE_KEY, which may be empty; raises ValueError."""
        found = [PrivateKey(key) for key in (parse_private_keys(text) if text else ())]
        self._keys: Mapping[str, PrivateKey] = {key_id(bytes(key.public_key)): key for key in found}

    @property
    def ids(self) -> list[str]:
        """Return the ids of the keys, the present one first."""
        return list(self._keys)

    def open(self, sealed: bytes, *, key: str, team_id: uuid.UUID, name: str) -> str:
        """Return the value in a box that was sealed for `key`; raises CannotOpenError."""
        private = self._keys.get(key)
        if private is None:
            raise CannotOpenError(f"sealed for the key {key}, which is not here")
        try:
            return _unpack(SealedBox(private).decrypt(sealed), team_id=team_id, name=name)
        except (CryptoError, ValueError, struct.error):
            raise CannotOpenError("damaged, or sealed for another secret") from None

    def sealing_key(self, key: str) -> SealingKey:
        """Return the public half of one of these keys."""
        return SealingKey(write_key(PUBLIC_PREFIX, bytes(self._keys[key].public_key)))


def new_pair() -> tuple[str, str]:
    """Return a new public key, and its private one, as settings have them."""
    private = PrivateKey.generate()
    public = write_key(PUBLIC_PREFIX, bytes(private.public_key))
    return public, write_key(PRIVATE_PREFIX, bytes(private))


def public_of(private: str) -> str:
    """Return the public key of the first of these private ones; raises ValueError."""
    [first, *_] = parse_private_keys(private)
    return write_key(PUBLIC_PREFIX, bytes(PrivateKey(first).public_key))


def key_id(public: bytes) -> str:
    """Return the short name of a public key."""
    return hashlib.sha256(public).hexdigest()[:8]


def lacking(ids: Iterable[str], used: Iterable[str]) -> list[str]:
    """Return which of the keys that are used are not among these."""
    return sorted(set(used) - set(ids))


def _pack(value: str, *, team_id: uuid.UUID, name: str) -> bytes:
    named, content = name.encode(), value.encode()
    packed = HEAD.pack(FORMAT, team_id.bytes, len(named), len(content)) + named + content
    return packed + bytes(-len(packed) % BLOCK)


def _unpack(packed: bytes, *, team_id: uuid.UUID, name: str) -> str:
    version, team, name_size, size = HEAD.unpack_from(packed)
    value_at = HEAD.size + name_size
    named = packed[HEAD.size : value_at]
    if version != FORMAT or team != team_id.bytes or named != name.encode():
        raise ValueError("another format, team or name")
    content = packed[value_at : value_at + size]
    if len(content) != size or any(packed[value_at + size :]):
        raise ValueError("cut off")
    return content.decode()
