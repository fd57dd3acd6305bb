"""What every Atom feed needs."""

from datetime import UTC, datetime

NOT_IN_XML = dict.fromkeys((*(code for code in range(0x20) if chr(code) not in "\t\n\r"), 0xFFFE, 0xFFFF))
"""Characters that no XML document may hold, for `str.translate`."""
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""When an empty feed was last changed."""
MIMETYPE = "application/atom+xml"
