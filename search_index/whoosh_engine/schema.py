"""The index in Whoosh's terms: its schema, with one field type for texts of four zones.

`ZonedText.index` says what is indexed, posting by posting, for any Whoosh writer. The engine's own builder makes the
same postings in bulk (a test compares them); the benchmarks index the plain Whoosh peer through it.
"""

import struct
from collections.abc import Iterator
from typing import Any

from whoosh import fields, formats

from search_index import analysis
from search_index.documents import LANGUAGES, DocumentText
from search_index.whoosh_engine.layout import (
    BODY,
    HEADINGS,
    LEAD,
    ZONE_GAP,
    exact_field,
    stem_field,
    title_field,
    zone_texts,
)

ZONE_WEIGHTS = (3.0, 1.5, 2.0, 1.0)  # of an occurrence in title, headings, keywords, body


class ZonePositions(formats.Format):  # type: ignore[misc]
    """A posting's value: four counts (one byte each) and the positions (uint32, little-endian)."""

    def decode_frequency(self, value: bytes) -> int:
        return sum(value[:4])

    def decode_weight(self, value: bytes) -> float:
        return sum(weight * count for weight, count in zip(ZONE_WEIGHTS, value[:4], strict=True))

    def decode_positions(self, value: bytes) -> list[int]:
        return list(struct.unpack(f"<{(len(value) - 4) // 4}I", value[4:]))


class ZonedText(fields.FieldType):  # type: ignore[misc]
    """A `DocumentText` of one language, as stems, as exact forms, or the title's exact forms only."""

    analyzer = None
    scorable = True
    stored = False
    unique = False
    vector = None
    column_type = None
    multitoken_query = "default"

    def __init__(self, language: str, form: str) -> None:
        self.language = language
        self.form = form
        self.format = formats.Existence() if form == "title" else ZonePositions()

    def index(self, value: DocumentText, **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """(term, occurrences, weight, value) of every term."""
        found: dict[str, tuple[list[int], list[int]]] = {}
        position = 0
        for zone, text in enumerate(zone_texts(value)[: 1 if self.form == "title" else None]):
            for number, token in enumerate(analysis.tokens(text)):
                counted_as = HEADINGS if zone == BODY and number < LEAD else zone
                for offset, forms in enumerate(analysis.analyse(token)):
                    chosen = analysis.stems(forms, self.language) if self.form == "stem" else forms
                    for term in chosen:
                        counts, places = found.setdefault(term, ([0, 0, 0, 0], []))
                        counts[counted_as] += 1
                        places.append(position + offset + ZONE_GAP * zone)
                position += len(analysis.analyse(token))
        for term, (counts, places) in found.items():
            data = bytes(min(count, 255) for count in counts) + struct.pack(f"<{len(places)}I", *places)
            weight = sum(weight * count for weight, count in zip(ZONE_WEIGHTS, counts, strict=True))
            yield term.encode(), sum(counts), weight, b"" if self.form == "title" else data

    def process_text(self, qstring: str, **_: Any) -> list[str]:
        """The terms of query text."""
        forms = [forms for token in analysis.tokens(qstring) for forms in analysis.analyse(token)]
        if self.form == "stem":
            return [term for form in forms for term in analysis.stems(form[:1], self.language)]
        return [form[0] for form in forms]


def schema() -> fields.Schema:
    """One field per language and form; documents are known by their ref."""
    found: dict[str, fields.FieldType] = {"ref": fields.ID(stored=True)}
    for language in LANGUAGES:
        found[stem_field(language)] = ZonedText(language, "stem")
        found[exact_field(language)] = ZonedText(language, "exact")
        found[title_field(language)] = ZonedText(language, "title")
    return fields.Schema(**found)
