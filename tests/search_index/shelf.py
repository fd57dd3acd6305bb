"""A source of search documents on a shelf of plain values, and viewers to look at it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from search_index.documents import Filters, SearchDocument
from search_index.sources import Part, Row
from sportello.core.audience import Role, Viewer, admits
from tests.search_index.contract import cast


@dataclass
class Shelf:
    """What the database would say: changing `documents` is changing the database."""

    documents_by_key: dict[str, SearchDocument] = field(default_factory=dict)
    kind: str = "article"
    inside: dict[str, list[Part]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(
        default_factory=lambda: {
            "solution": "Solution",
            "how-to": "How-to",
            "known-problem": "Known problem",
            "reference": "Reference",
        }
    )

    @classmethod
    def of(cls, documents: Sequence[SearchDocument]) -> "Shelf":
        return cls({document.ref.key: document for document in documents})

    def documents(self, session: Session) -> Iterator[SearchDocument]:
        yield from self.documents_by_key.values()

    def document(self, session: Session, key: str) -> SearchDocument | None:
        return self.documents_by_key.get(key)

    def load(self, session: Session, viewer: Viewer, keys: Mapping[str, str], language: str) -> dict[str, Row]:
        found = {}
        for key, wanted in keys.items():
            document = self.documents_by_key.get(key)
            if document is not None and admits(viewer, document.audience):
                found[key] = _row(document, wanted if wanted in document.texts else language)
        return found

    def parts(self, session: Session, viewer: Viewer, keys: Mapping[str, str]) -> Mapping[str, Sequence[Part]]:
        return {key: self.inside[key] for key in keys if key in self.inside}

    def product_names(self, session: Session, viewer: Viewer, codes: Collection[str]) -> dict[str, str]:
        readable = [document for document in self.documents_by_key.values() if admits(viewer, document.audience)]
        return {code: code.capitalize() for document in readable for code in document.products if code in codes}

    def fallback(
        self,
        session: Session,
        viewer: Viewer,
        words: Sequence[str],
        *,
        filters: Filters,
        language: str,
        limit: int,
    ) -> list[Row]:
        readable = [document for document in self.documents_by_key.values() if admits(viewer, document.audience)]
        return [
            _row(document, name)
            for document in readable
            for name, text in document.texts.items()
            if all(word in f"{text.title} {text.body}".lower() for word in words)
        ][:limit]


def _row(document: SearchDocument, language: str) -> Row:
    language = language if language in document.texts else next(iter(document.texts))
    text = document.texts[language]
    return Row(
        ref=document.ref, kind=document.kind, slug=document.ref.key, title=text.title, path=f"/kb/{document.ref.key}",
        language=language, text=text.body, updated=document.updated,
        products=tuple(code.capitalize() for code in document.products), votes=document.votes,
    )  # fmt: skip


def viewer(name: str, language: str = "en") -> Viewer:
    """Somebody of the cast as the audience rule sees them."""
    audiences = cast.EVERYBODY[name]
    people = {"anonymous": None, "Anna": 1, "Piero": 2, "Elena": 3, "Sara": 4}
    plans = {"Anna": "xtreme", "Piero": "premium", "Elena": "elite"}
    roles = frozenset({Role.AGENT}) if name == "Sara" else frozenset()
    return Viewer(audiences=audiences, person_id=people[name], roles=roles, plan=plans.get(name), language=language)
