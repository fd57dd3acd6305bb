"""Public identifiers: random, never sequence numbers (a gap in a sequence is a leak)."""

import random
import re
import secrets
import struct
import unicodedata

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without the look-alikes i l o 0 1
SLUG_SUFFIX = 5
MAX_SLUG_STEM = 80
LENGTH = 10
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_FAIR = 2**64 // len(ALPHABET) ** LENGTH * len(ALPHABET) ** LENGTH  # below it every key is as likely as any other

_source: random.Random = secrets.SystemRandom()


def seed(value: int | None) -> None:
    """Make keys repeatable (tests and the differential proof only); None goes back to the system's randomness."""
    global _source
    _source = secrets.SystemRandom() if value is None else random.Random(value)


def new_key(length: int = LENGTH) -> str:
    """A random public key of `length` characters from an alphabet of 31."""
    number, letters = _source.randrange(len(ALPHABET) ** length), []  # drawn once, not letter by letter
    for _ in range(length):
        number, letter = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def new_keys(count: int) -> list[str]:
    """As many public keys as rows are to be written, with one draw for all of them."""
    made: list[str] = []
    while len(made) < count:
        drawn = struct.iter_unpack("=Q", _source.randbytes(8 * (count - len(made))))
        made += [_spelt(number) for (number,) in drawn if number < _FAIR]
    return made


def _spelt(number: int) -> str:
    """A key of the usual length, two letters at a time."""
    pairs = []
    for _ in range(LENGTH // 2):
        number, pair = divmod(number, len(_PAIRS))
        pairs.append(_PAIRS[pair])
    return "".join(pairs)


def is_key(text: str, length: int = LENGTH) -> bool:
    """`text` could have come from `new_key`."""
    return len(text) == length and set(text) <= set(ALPHABET)


def slug_stem(title: str) -> str:
    """The readable part of a slug: ASCII letters, digits and hyphens, at most 80 characters."""
    folded = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")
    return stem[:MAX_SLUG_STEM].strip("-") or "a"


def new_slug(title: str) -> str:
    """A slug ending in 5 random characters, so that a collision with hidden content cannot be seen."""
    return f"{slug_stem(title)}-{new_key(SLUG_SUFFIX)}"
