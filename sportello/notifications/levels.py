"""How closely somebody follows something, and which level decides when several do."""

from collections.abc import Iterable
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """A higher one hears of everything that a lower one hears of.

    muted: nothing. normal: the digest. tracking: the bell too. watching: a mail at once too.
    """

    MUTED = 0
    NORMAL = 1
    TRACKING = 2
    WATCHING = 3


class Channel(StrEnum):
    """How a person can hear of something."""

    PORTAL = "portal"
    MAIL = "mail"
    DIGEST = "digest"


NEEDED = {Channel.DIGEST: Level.NORMAL, Channel.PORTAL: Level.TRACKING, Channel.MAIL: Level.WATCHING}
"""The level from which on each channel is used."""


def decide(own: Level | None, around: Iterable[Level]) -> Level | None:
    """The level at which somebody follows an item.

    `own`: theirs for the very item, which decides alone. `around`: those for what it belongs to (products,
    categories, tags): one that is muted silences the rest, otherwise the highest counts. None: not followed at all.
    """
    if own is not None:
        return own
    levels = list(around)
    if not levels:
        return None
    return Level.MUTED if Level.MUTED in levels else max(levels)
