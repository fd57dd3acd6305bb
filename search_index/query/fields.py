"""The `field:` part of the query language: names, what their values mean, and the filters they add up to."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from search_index.documents import LANGUAGES, Filters
from search_index.query.dates import period
from sportello.core.errors import N_

FIELDS = {
    "product": "product",
    "prodotto": "product",
    "kind": "kind",
    "tipo": "kind",
    "lang": "lang",
    "lingua": "lang",
    "tag": "tag",
    "etichetta": "tag",
    "title": "title",
    "titolo": "title",
    "version": "version",
    "versione": "version",
    "updated": "updated",
    "aggiornato": "updated",
}
TITLE = "title"
_NAMES = "|".join(sorted(FIELDS, key=len, reverse=True))
FIELD_EXPRESSION = rf"(?i)(?<![^\s(\-])(?P<text>{_NAMES}):(?=[^\s:])"
FILTER_TOKEN = re.compile(rf'(?i)(?<!\S)(?P<minus>-?)(?P<name>{_NAMES}):(?P<value>"[^"]*"|[^\s:"]\S*)')
UNKNOWN_FIELD = re.compile(r"(?<!\S)-?(?P<name>[a-z]{3,16}):(?=[\w\"])")

_LANGUAGES = {"english": "en", "inglese": "en", "italian": "it", "italiano": "it"}

Notice = tuple[str, dict[str, str]]


@dataclass
class FilterBuilder:
    """Collects the filters of one query; what is wrong becomes a notice and is left out."""

    notices: list[Notice]
    values: dict[str, set[str]] = field(default_factory=dict)
    updated_from: datetime | None = None
    updated_to: datetime | None = None

    def add(self, name: str, value: str) -> None:
        value = value.strip().strip('"').strip().lower()
        if not value:
            return
        if name == "updated":
            self._add_period(value)
        elif name == "lang":
            self._add_language(value)
        else:
            self.values.setdefault(name, set()).update(part for part in value.split(",") if part)

    def refuse_exclusion(self, name: str) -> None:
        notice = N_("“%(field)s:” cannot be excluded, so that part was ignored.")
        self.notices.append((notice, {"field": name}))

    def _add_period(self, value: str) -> None:
        try:
            start, end = period(value)
        except ValueError:
            notice = N_("“%(value)s” is not a date: write 2026, 2026-01 or 2026-01-15, after < or >.")
            self.notices.append((notice, {"value": value}))
            return
        self.updated_from = max(filter(None, (start, self.updated_from)), default=None)
        self.updated_to = min(filter(None, (end, self.updated_to)), default=None)

    def _add_language(self, value: str) -> None:
        code = _LANGUAGES.get(value, value)
        if code in LANGUAGES:
            self.values.setdefault("lang", set()).add(code)
        else:
            self.notices.append((N_("“%(value)s” is not a language here: use en or it."), {"value": value}))

    def build(self) -> Filters:
        return Filters(
            kinds=frozenset(self.values.get("kind", ())),
            products=frozenset(self.values.get("product", ())),
            versions=frozenset(self.values.get("version", ())),
            languages=frozenset(self.values.get("lang", ())),
            tags=frozenset(self.values.get("tag", ())),
            updated_from=self.updated_from,
            updated_to=self.updated_to,
        )


def merge(one: Filters, other: Filters) -> Filters:
    """Both at once: values of one field are alternatives, the periods must both hold."""
    return replace(
        one,
        kinds=one.kinds | other.kinds,
        products=one.products | other.products,
        versions=one.versions | other.versions,
        languages=one.languages | other.languages,
        tags=one.tags | other.tags,
        updated_from=max(filter(None, (one.updated_from, other.updated_from)), default=None),
        updated_to=min(filter(None, (one.updated_to, other.updated_to)), default=None),
    )
