"""Which user segment of a Help Center is which audience here: a file of the operator's, TOML or JSON.

everyone = "public"
360001234567 = "premium"
"360007654321" = "staff"
"""

import json
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sportello.core.audience import STAFF, check_key
from sportello.core.errors import Invalid

EVERYONE = "everyone"


@dataclass
class Segments:
    """Audience keys by segment id. `unmapped` counts the articles of segments that the file does not name."""

    audiences: Mapping[str, str] = field(default_factory=dict)
    unmapped: Counter[str] = field(default_factory=Counter)

    @classmethod
    def load(cls, path: Path, ladder: Collection[str]) -> "Segments":
        """Read the mapping. Raises Invalid for a file that is none, and for an audience that this site has not."""
        try:
            text = path.read_text("utf-8-sig")
            values = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        except (UnicodeDecodeError, ValueError) as error:
            raise Invalid(f"{path.name} cannot be read: {error}") from None
        if not isinstance(values, dict):
            raise Invalid(f"{path.name} must hold names and values: segment id, audience")
        flat = {**values, **(values.get("segments") or {})} if isinstance(values.get("segments"), dict) else values
        found = {}
        for segment, audience in flat.items():
            if segment == "segments" and isinstance(audience, dict):
                continue
            if not isinstance(audience, str):
                raise Invalid(f"{path.name}: the audience of {segment} must be text")
            found[str(segment)] = check_key(audience, ladder)
        return cls(found)

    def audience_of(self, values: Mapping[str, Any]) -> str | None:
        """The audience of an article. None: it is for everyone and the file does not say who that is here.

        A segment that is not mapped is `staff`; so are several at once that do not all mean the same.
        """
        several = values.get("user_segment_ids")
        ids = several if isinstance(several, list) and several else [values.get("user_segment_id")]
        if ids == [None]:
            return self.audiences.get(EVERYONE)
        names = [str(one) for one in ids]
        missing = [name for name in names if name not in self.audiences]
        self.unmapped.update(missing)
        found = {self.audiences[name] for name in names if name in self.audiences}
        return found.pop() if not missing and len(found) == 1 else STAFF
