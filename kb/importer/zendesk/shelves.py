"""Sections and categories of a Help Center as categories here: a section stands in its category or section."""

from collections.abc import Iterable
from typing import Any

from kb.importer import fields
from kb.importer.record import Place
from kb.importer.zendesk.pages import Entry, Pages
from kb.services.draft import LANGUAGES

MAX_NAME = 200
Node = tuple[str, str]  # "category" or "section", its id


class Shelves:
    """`places` by code, parents before children; `code_of` says where the articles of a section stand."""

    def __init__(self, pages: Pages) -> None:
        self.places: dict[str, Place] = {}
        self._values: dict[Node, dict[str, dict[str, Any]]] = {}  # node -> language -> values
        self._codes: dict[Node, str] = {}
        self._gather("category", pages.categories)
        self._gather("section", pages.sections)
        for node in sorted(self._values):
            self._place(node, frozenset())

    def code_of(self, section_id: Any) -> str | None:
        """The category for an article; None when its section did not come along."""
        return self._codes.get(("section", str(section_id)))

    def _gather(self, kind: str, entries: Iterable[Entry]) -> None:
        for _where, values in entries:
            if values.get("id") is None:
                continue
            languages = self._values.setdefault((kind, str(values["id"])), {})
            texts = values.get("translations")
            for text in [values, *(texts if isinstance(texts, list) else ())]:
                if isinstance(text, dict):
                    language = str(text.get("locale") or LANGUAGES[0]).lower().split("-")[0]
                    languages.setdefault(language, {**values, "name": text.get("title") or text.get("name")})

    def _place(self, node: Node, above: frozenset[Node]) -> str | None:
        """The code of a node, made with those it stands in; None for one that is missing or stands in itself."""
        if node in self._codes:
            return self._codes[node]
        if node in above or node not in self._values:
            return None
        languages = self._values[node]
        names = {language: _name(values) for language, values in languages.items() if _name(values)}
        ours = {language: names[language] for language in LANGUAGES if language in names}
        title = next(iter({**ours, **names}.values()), node[1])
        values = next(iter(languages.values()))
        parent = self._parent(node, values, above | {node})
        code = self._free(fields.product_code(title), node)
        self._codes[node] = code
        position = values.get("position")
        self.places[code] = Place(ours or {"en": title}, parent, position if type(position) is int else 0)
        return code

    def _parent(self, node: Node, values: dict[str, Any], above: frozenset[Node]) -> str | None:
        if node[0] != "section":
            return None
        if values.get("parent_section_id") is not None:
            return self._place(("section", str(values["parent_section_id"])), above)
        return self._place(("category", str(values.get("category_id"))), above)

    def _free(self, code: str, node: Node) -> str:
        """Two of one name are told apart by their ids."""
        return code if code not in self.places else f"{code[: 38 - len(node[1])]}-{node[1]}"[:40]


def _name(values: dict[str, Any]) -> str:
    name = values.get("name")
    return " ".join(name.split())[:MAX_NAME] if isinstance(name, str) else ""
