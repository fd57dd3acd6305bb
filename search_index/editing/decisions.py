"""What editors do about a gap."""

from enum import StrEnum


class Decision(StrEnum):
    DRAFTED = "drafted"
    LINKED = "linked"
    DISMISSED = "dismissed"
    SYNONYM = "synonym"
    PINNED = "pinned"
