"""What rendering adds to clean HTML: ids of headings, boxes around tables, focus, labels; and what it reads from it.

The input is nh3's own output, which is regular: lower-case tags, every attribute quoted, no bare "<" in text. So a
small tokeniser is exact here; and as the result is cleaned once more, safety does not rest on it.
"""

import re
from collections.abc import Callable
from html import escape, unescape

from sportello.core.markup.outline import Outline
from sportello.core.markup.words import KINDS, word
from sportello.core.markup.writer import Attributes, tag

_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:\s+[^\s=>"]+="[^"]*")*)\s*/?>|([^<]+|<)')
_ATTRIBUTE = re.compile(r'\s+([^\s=>"]+)="([^"]*)"')
_HEADING = re.compile(r"h([1-6])")
_LINE_TAGS = (
    "blockquote br caption dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre summary table tr ul"
)
_LINES = frozenset(_LINE_TAGS.split())


class Decorator(Outline):
    """Decorates one text. `prefix` of the ids it makes: "u-", or longer when other texts are on the same page."""

    def __init__(self, prefix: str, language: str) -> None:
        super().__init__(prefix)
        self._alone = prefix == "u-"
        self._language = language
        self._depth = 0
        self._tables = 0
        self._pre = 0
        self._starts: dict[str, Callable[[Attributes], None]] = {
            "a": self.remember,
            "p": self.remember,
            "span": self.remember,
            "th": self.remember,
            "pre": self._start_pre,
            "table": self._start_table,
        }
        self._singles: dict[str, Callable[[Attributes], None]] = {
            "br": lambda attributes: self.write(tag("br", attributes)),
            "hr": lambda attributes: self.write(tag("hr", attributes)),
            "img": self._image,
            "input": self._check_box,
        }
        self._ends: dict[str, Callable[[], None]] = {
            "a": self._end_a,
            "p": self._end_p,
            "pre": self._end_pre,
            "span": self._end_span,
            "table": self._end_table,
            "td": self._end_td,
            "th": self._end_th,
        }

    def decorate(self, html: str) -> None:
        """Walk the tokens once; the result is in `parts` and `toc`."""
        for match in _TOKEN.finditer(html):
            closing, name, attributes, text = match.groups()
            if text is not None:
                self._text(text)
                continue
            if name in _LINES:
                self.say("\n")
            if closing:
                self._end(name)
            else:
                self._start(name, {key: unescape(value) for key, value in _ATTRIBUTE.findall(attributes)})

    def _text(self, text: str) -> None:
        self.write(text)
        words = unescape(text)
        self.say(words if self._pre else words.replace("\n", " "))

    def _start(self, name: str, attributes: Attributes) -> None:
        self.claim_id(attributes)
        if single := self._singles.get(name):
            single(attributes)
            return
        self._depth += 1
        if _HEADING.fullmatch(name):
            self.remember(attributes)
        elif start := self._starts.get(name):
            start(attributes)
        else:
            self.write(tag(name, attributes))

    def _end(self, name: str) -> None:
        self._depth -= 1
        if level := _HEADING.fullmatch(name):
            self.heading(int(level.group(1)), nested=self._depth > 0)
        elif end := self._ends.get(name):
            end()
        else:
            self.write(f"</{name}>")

    # Tables scroll in a box of their own, which the keyboard can reach and which has a name.

    def _start_table(self, attributes: Attributes) -> None:
        self._tables += 1
        if self._tables == 1:
            box = {"class": "tablewrap", "tabindex": "0", "role": "group"}
            if self.heading_id and self._alone:
                box |= {"role": "region", "aria-labelledby": self.heading_id}
                self.heading_id = None  # two regions of one name could not be told apart
            else:
                box["aria-label"] = word("table", self._language)
            self.write(tag("div", box))
        self.write(tag("table", attributes))

    def _end_table(self) -> None:
        self._tables -= 1
        self.write("</table>" if self._tables else "</table></div>")

    def _end_td(self) -> None:
        self.write("</td>")
        self.say(" ")

    def _end_th(self) -> None:
        attributes, html, words = self.recall()
        self.say(f"{words} ")
        if words:
            self.write(f"{tag('th', {'scope': 'col', **attributes})}{html}</th>")
        else:  # an empty corner is no heading
            self.write(f"{tag('td', attributes)}{html}</td>")

    # What the keyboard and a screen reader need.

    def _start_pre(self, attributes: Attributes) -> None:
        self._pre += 1
        self.write(tag("pre", {"tabindex": "0", **attributes}))

    def _end_pre(self) -> None:
        self._pre -= 1
        self.write("</pre>")

    def _check_box(self, attributes: Attributes) -> None:
        if attributes.get("type") != "checkbox":
            return
        done = "checked" in attributes
        name = word("done" if done else "to-do", self._language)
        ticked = {"checked": ""} if done else {}
        self.write(tag("input", {"type": "checkbox", "disabled": "", **ticked, "aria-label": name}))

    def _image(self, attributes: Attributes) -> None:
        alternative = attributes.get("alt", "")
        if "src" in attributes:
            self.write(tag("img", {**attributes, "alt": alternative}))
        else:  # not of this site
            self.write(escape(alternative, quote=False))
        self.say(alternative)

    def _end_span(self) -> None:
        start = self.recall_start()
        if start.attributes and start.attributes.get("class") != "w":  # white space has no colour
            self.enclose("span", start)

    def _end_a(self) -> None:
        attributes, html, words = self.recall()
        address = attributes.get("href", "")
        kind = attributes.get("class", "")
        if kind.startswith("footnote-"):
            words = ""  # a number or an arrow is no word of the text
            if kind == "footnote-backref":
                attributes.pop("title", None)
                attributes["aria-label"] = word("back", self._language)
        elif address and not words:  # a link needs a name
            words = address
            html += escape(address, quote=False)
        if address.lower().startswith(("http:", "https:")):
            attributes["rel"] = "noopener nofollow"
        self.say(words)
        self.write(f"{tag('a', attributes)}{html}</a>")

    # Notes

    def _end_p(self) -> None:
        start = self.recall_start()
        if start.attributes.get("class") != "admonition-title":
            self.enclose("p", start)
            return
        self._open.append(start)
        attributes, html, words = self.recall()
        if words.lower() in KINDS:  # not a title of the author's own
            html = word(words.lower(), self._language)
        else:
            self.say(words)
        self.write(f"{tag('p', attributes)}{html}</p>")
