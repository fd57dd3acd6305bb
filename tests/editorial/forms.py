"""Filling in a page's form as a browser without scripts does: what it shows goes back, changed where told."""

from html.parser import HTMLParser
from typing import Any

from werkzeug.datastructures import MultiDict


class _Reader(HTMLParser):
    """Collects the successful controls of the form whose id is `editor`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.fields: MultiDict[str, str] = MultiDict()
        self._inside = False
        self._area = self._select = ""
        self._words: list[str] = []
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("id") == "editor"
        elif not self._inside:
            return
        elif tag == "input" and given.get("name"):
            ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if ticked:
                self.fields.add(given["name"], given.get("value", ""))
        elif tag == "textarea" and given.get("name"):
            self._area, self._words = given["name"], []
        elif tag == "select":
            self._select, self._options = given["name"], []
        elif tag == "option":
            self._options.append((given.get("value", ""), "selected" in given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea" and self._area:
            text = "".join(self._words).removeprefix("\n")
            self.fields.add(self._area, text.replace("\n", "\r\n"))
            self._area = ""
        elif tag == "select" and self._select:
            chosen = [value for value, selected in self._options if selected] or [self._options[0][0]]
            self.fields.add(self._select, chosen[0])
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._words.append(data)


def filled(page: str, **changes: Any) -> MultiDict[str, str]:
    """The fields of the editor on a page, with `changes`: a text, a list of texts, or {number: text} of one name."""
    reader = _Reader()
    reader.feed(page)
    fields = reader.fields
    for name, value in changes.items():
        if isinstance(value, dict):
            values = fields.getlist(name)
            for number, text in value.items():
                values[number] = text
            fields.setlist(name, values)
        else:
            fields.setlist(name, [value] if isinstance(value, str) else list(value))
    return fields
