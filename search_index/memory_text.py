"""Words of a text for the memory engine: positions, folded forms and stems. Plain and slow on purpose."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

import Stemmer

from search_index.documents import DocumentText

_PART = re.compile(r"[^\W_]+")
_SUBPART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_ELISION = re.compile(r"\b(?:l|un|d|c|s|m|t|v|n|(?:de|a|ne|su|da|co|que|be)ll|quest|sant)'(?=\w)", re.IGNORECASE)
_ALGORITHMS = {"en": "english", "it": "italian"}

Forms = frozenset[str]


@cache
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(_ALGORITHMS.get(language, "english"))


def fold(text: str) -> str:
    """Lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@lru_cache(maxsize=50_000)
def _forms(part: str, language: str) -> Forms:
    """One written word: itself, its stem and its sub-parts (KB815174: kb, 815174)."""
    pieces = {part, *_SUBPART.findall(part)}
    return frozenset(form for piece in pieces for form in (fold(piece), "~" + _stemmer(language).stemWord(fold(piece))))


def parts(text: str) -> list[str]:
    """The written words of a text in order; a code is its parts side by side."""
    return _PART.findall(_ELISION.sub(" ", unicodedata.normalize("NFKC", text).replace("’", "'")))


def query_forms(part: str, language: str) -> Forms:
    """What a typed part may match: its folded form or its stem."""
    return frozenset({fold(part), "~" + _stemmer(language).stemWord(fold(part))})


@dataclass(frozen=True)
class IndexedText:
    """One document in one language: per field, the forms at each position."""

    language: str
    fields: dict[str, list[Forms]]

    @classmethod
    def of(cls, text: DocumentText, language: str) -> "IndexedText":
        fields = {
            "title": text.title,
            "headings": text.headings,
            "keywords": text.keywords,
            "body": text.body,
        }
        return cls(
            language,
            {name: [_forms(part, language) for part in parts(value)] for name, value in fields.items()},
        )

    def count(self, words: list[Forms], field: str, *, prefix: bool = False) -> int:
        """How often the parts stand side by side in the field; with `prefix` the last may go on."""
        places = self.fields[field]
        return sum(
            all(
                _matches(wanted, places[start + offset], prefix and offset == len(words) - 1)
                for offset, wanted in enumerate(words)
            )
            for start in range(len(places) - len(words) + 1)
        )

    def vocabulary(self) -> set[str]:
        """Every folded word in it (no stems)."""
        return {
            form for places in self.fields.values() for forms in places for form in forms if not form.startswith("~")
        }


def _matches(wanted: Forms, forms: Forms, prefix: bool) -> bool:
    if prefix:
        return any(form.startswith(start) for form in forms for start in wanted if not start.startswith("~"))
    return not wanted.isdisjoint(forms)
