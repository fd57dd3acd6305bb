"""Passwords: argon2id at the OWASP minimum (19 MiB, 2 passes, 1 lane), and what a good one must not be.

A password is checked against somebody's hash or, when there is nobody or no hash, against a hash made for the
purpose, so that the time tells nothing.
"""

from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from sportello.core.errors import N_, Invalid

MIN_LENGTH = 12
MAX_LENGTH = 256
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)

# Lists of leaked passwords begin with these; shorter ones need not be there.
_COMMON = frozenset(Path(__file__).with_name("common_passwords.txt").read_text("utf-8").split())


def check_policy(password: str, email: str) -> None:
    """Raise Invalid (field `password`) unless it has 12 to 256 characters, is not the address and not common."""
    if len(password) < MIN_LENGTH:
        raise Invalid(N_("Use at least %(count)s characters."), field="password", count=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise Invalid(N_("Use at most %(count)s characters."), field="password", count=MAX_LENGTH)
    plain = password.casefold()
    if plain in {email.casefold(), email.casefold().partition("@")[0]}:
        raise Invalid(N_("Your e-mail address is no password. Choose something unknown to others."), "password")
    if plain in _COMMON or len(set(plain)) < 5:
        raise Invalid(N_("This password is among the first that are tried. Choose another one."), "password")


def hash_password(password: str) -> str:
    """An argon2id hash with its parameters and salt."""
    return _hasher.hash(password)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def verify(password_hash: str | None, password: str) -> bool:
    """True if the password is the one hashed; takes the same time when there is no hash."""
    try:
        matches = _hasher.verify(password_hash or _nobody(), password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """True if the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)
