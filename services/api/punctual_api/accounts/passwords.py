"""Passwords: Argon2id hashes, as slow for a stranger as for a user, and a little advice."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from punctual_api.accounts.common_passwords import is_common, without_affixes
from punctual_api.accounts.guessable import is_repetitive, own_words, without_words

# OWASP's first choice for Argon2id; it leaves a small machine time and memory for its real work.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

COMMON = (
    "This password is a common one, or one with a few letters replaced and digits added: such are "
    "guessed first. Use several words that do not belong together, or let a password manager make "
    "one."
)


OWN_NAME = (
    "This password is made of your name, your address or the name of this service: such are "
    "guessed first. Use several words that do not belong together."
)
REPETITIVE = (
    "This password repeats a few characters, or follows the alphabet, the digits or the keyboard: "
    "such are guessed first. Use several words that do not belong together."
)
DECORATION = 8
"""Characters that make a password by themselves; fewer only decorate a name."""
LETTERS = 4


def weakness(password: str, *, username: str, email: str) -> str | None:
    """Return why this password would be guessed (NIST SP 800-63B, 5.1.1.2), None when it may do."""
    if is_repetitive(password):
        return REPETITIVE
    if is_common(password):
        return COMMON
    words = own_words(username, email)
    if without_affixes(password) in words:
        return OWN_NAME
    rest = without_words(password, words)
    if rest == password.lower():
        return None
    is_short = len(rest) < DECORATION and sum(map(str.isalpha, rest)) < LETTERS
    return OWN_NAME if is_short or is_repetitive(rest) or is_common(rest) else None


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password, its parameters and salt included."""
    return HASHER.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Return whether this is the password; without a hash the answer is no, and takes as long."""
    try:
        HASHER.verify(password_hash or _hash_of_no_user(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _hash_of_no_user() -> str:
    return HASHER.hash("the password of no user")
