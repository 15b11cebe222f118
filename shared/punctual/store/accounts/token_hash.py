"""The hash by which tokens, of programs, sessions, invitations and links, are stored and found."""

import hashlib


def token_digest(token: str) -> bytes:
    """Return the hash of a token."""
    # 32 random bytes need no salt and no slow hash: they cannot be guessed.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
