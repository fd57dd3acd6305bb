"""How levels and channels are called on the pages, and what each means."""

from dataclasses import dataclass

from sportello.core.errors import N_
from sportello.notifications.levels import Channel, Level

NO_CHOICE = "none"
"""What a form sends to take a choice back."""


@dataclass(frozen=True)
class LevelWords:
    """A level as it is chosen; `value` is what a form sends, `icon` a name in the sprite."""

    level: Level
    label: str
    means: str
    icon: str

    @property
    def value(self) -> str:
        return self.level.name.lower()


LEVELS = (
    LevelWords(Level.WATCHING, N_("Watching"), N_("A mail at once, the bell and the digest"), "eye"),
    LevelWords(Level.TRACKING, N_("Tracking"), N_("The bell and the digest"), "bell"),
    LevelWords(Level.NORMAL, N_("Normal"), N_("The digest only"), "journal-text"),
    LevelWords(Level.MUTED, N_("Muted"), N_("Nothing about it, whatever else you follow"), "bell-slash"),
)
WORDS = {words.level: words for words in LEVELS}
CHANNELS = {
    Channel.PORTAL: N_("Bell"),
    Channel.MAIL: N_("Mail"),
    Channel.DIGEST: N_("Digest"),
}


def level_from(value: str) -> Level | None:
    """The level that a form sent; None takes the choice back. Raises KeyError for anything else."""
    return None if value == NO_CHOICE else Level[value.upper()]
