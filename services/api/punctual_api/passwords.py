"""Passwords: Argon2id hashes, as slow for a stranger as for a user, and a little advice."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

# OWASP's first choice for Argon2id; it leaves a small machine time and memory for its real work.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

WELL_KNOWN = frozenset(
    """
        00000000 11111111 12341234 12344321 12345678 123456789 1234567890 123123123 1q2w3e4r
        1qaz2wsx 87654321 987654321 aa123456 abc12345 abcd1234 admin123 administrator asdfasdf
        asdfghjk asdfghjkl baseball basketball changeme changeme1 computer dragon123 football
        iloveyou jennifer letmein1 letmein123 liverpool master123 michelle monkey123 p@ssw0rd
        passw0rd password password1 password12 password123 princess punctual qazwsxedc qwer1234
        qwerty12 qwerty123 qwertyui qwertyuiop starwars sunshine superman test1234 testtest
        trustno1 welcome1 welcome123 whatever
    """.split()  # noqa: SIM905 - sixty quoted words would be harder to read
)


def weakness(password: str, *, username: str, email: str) -> str | None:
    """Why this password would be guessed, or None when it may do."""
    plain = password.lower()
    if plain in WELL_KNOWN:
        return "This password is among the first that are tried; choose another one."
    if plain in (username.lower(), email.lower()):
        return "A password must not be the name it protects."
    if len(set(plain)) < 3:
        return "This password has too few different characters."
    return None


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
