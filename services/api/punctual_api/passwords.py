"""Passwords: Argon2id hashes, as slow for a stranger as for a user, and a little advice."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from punctual_api.common_passwords import is_common, without_affixes

# OWASP's first choice for Argon2id; it leaves a small machine time and memory for its real work.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

COMMON = (
    "This password is a common one, or one with a few letters replaced and digits added: such are "
    "guessed first. Use several words that do not belong together, or let a password manager make "
    "one."
)


def weakness(password: str, *, username: str, email: str) -> str | None:
    """Why this password would be guessed, or None when it may do."""
    own = {username.lower(), email.lower(), email.lower().partition("@")[0]}
    if own & {password.lower(), without_affixes(password)}:
        return "A password must not be the name it protects, with or without digits around it."
    if len(set(password.lower())) < 3:
        return "This password has too few different characters."
    return COMMON if is_common(password) else None


def hash_password(password: str) -> str:
    """The Argon2id hash of a password, its parameters and salt included."""
    return HASHER.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether this is the password; without a hash the answer is no, and takes as long."""
    try:
        HASHER.verify(password_hash or _nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _nobody() -> str:
    return HASHER.hash("nobody has this password")
