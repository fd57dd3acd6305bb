"""HTML of another system to Markdown: tables, code with its language, nested lists, pictures and links.

Cleaned first (nh3), so that scripts, styles and comments leave nothing behind.
"""

import re
from collections.abc import Callable
from typing import Any

import nh3
from bs4 import BeautifulSoup
from bs4.element import Tag
from markdownify import MarkdownConverter

MAX_HTML = 1024 * 1024  # characters
_TAGS = set(
    "a abbr b blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i "
    "iframe img ins kbd li mark ol p pre q s samp section small span strong sub summary sup table tbody td tfoot th "
    "thead tr u ul var article".split()
)
_ATTRIBUTES = {
    "*": {"id"}, "a": {"href", "title"}, "img": {"src", "alt"}, "iframe": {"src", "title"}, "ol": {"start"},
    "td": {"colspan"}, "th": {"colspan"}, "pre": {"class"}, "code": {"class"}, "div": {"class"}, "p": {"class"},
}  # fmt: skip
_ESCAPED = re.compile(r"([\\`*\[\]]|(?<!\w)_|_(?!\w)|~~|&(?=#?\w+;))")
_AT_LINE_START = re.compile(r"(?m)^(\s*)(#{1,6}(?=\s|$)|[-+](?=\s|$)|>|={2,}|-{2,}|!{3}|\?{3}|:::)")
_NUMBERED = re.compile(r"(?m)^(\s*\d{1,9})([.)])(?=\s|$)")
_LANGUAGE = re.compile(r"(?:lang(?:uage)?|brush|highlight-source)[-:]\s*([a-z0-9+#]+)", re.I)
_BLANKS = re.compile(r"\n{3,}")

Target = Callable[[str], str]  # what a link's or a picture's address becomes


def to_markdown(html: str, link: Target = str, picture: Target = str) -> str:
    """The words of `html` as Markdown. Raises ValueError for what is too large or nested too deep."""
    if len(html) > MAX_HTML:
        raise ValueError(f"the HTML is longer than {MAX_HTML // 1024} Ki characters")
    clean = nh3.clean(
        html.replace("\x00", ""), tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None, strip_comments=True,
        url_schemes={"http", "https", "mailto", "tel", "ftp"},
    )  # fmt: skip
    try:
        soup = BeautifulSoup(clean, "html.parser")
        text = _Converter(link, picture).convert_soup(soup)
    except RecursionError:
        raise ValueError("the HTML is nested too deep") from None
    lines = (line if line.endswith("  ") and line.strip() else line.rstrip() for line in text.split("\n"))
    return _outside_code("\n".join(lines)).strip("\n") + "\n"


def _outside_code(text: str) -> str:
    """No more than one empty line between paragraphs; code keeps its own."""
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    return "".join(part if number % 2 else _BLANKS.sub("\n\n", part) for number, part in enumerate(parts))


class _Converter(MarkdownConverter):
    def __init__(self, link: Target, picture: Target) -> None:
        super().__init__(heading_style="atx", bullets="-", code_language_callback=_language, autolinks=False,
                         table_infer_header=True, strip_pre="strip")  # fmt: skip
        self._link, self._picture = link, picture
        self._numbers: dict[int, int] = {}  # items of a numbered list so far

    def escape(self, text: str, parent_tags: set[str]) -> str:
        """Words stay words: what Markdown would take for itself is escaped."""
        text = _ESCAPED.sub(r"\\\1", text).replace("<", "&lt;")
        text = _NUMBERED.sub(r"\1\\\2", _AT_LINE_START.sub(r"\1\\\2", text))
        return text.replace("|", "\\|") if parent_tags & {"td", "th"} else text

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """A link with its address as it shall be here; one without an address is its words."""
        if el.get("href"):
            el["href"] = _address(self._link(str(el["href"])))
        return str(super().convert_a(el, text, parent_tags))  # type: ignore[misc]

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """A picture, in cells and headings too."""
        alt = " ".join(str(el.get("alt") or "").split())
        source = _address(self._picture(str(el.get("src") or "")))
        return f"![{self.escape(alt, set())}]({source})" if source else self.escape(alt, parent_tags)

    def convert_iframe(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """An embedded film becomes a link to it."""
        source = str(el.get("src") or "")
        source = f"https:{source}" if source.startswith("//") else source
        label = self.escape(" ".join(str(el.get("title") or source).split()), set())
        return f"\n\n[{label}]({_address(source)})\n\n" if source else ""

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """An item, its further lines four columns in; numbers are counted once, not by looking back."""
        text = text.strip()
        parent = el.parent
        if not text:
            return "\n"
        bullet = "- "
        if parent is not None and parent.name == "ol":
            start = str(parent.get("start") or "1")
            number = self._numbers.setdefault(id(parent), int(start) if start.isdigit() else 1)
            self._numbers[id(parent)] = number + 1
            bullet = f"{number}. "
        first, *rest = text.split("\n")
        return "\n".join([bullet + first, *("    " + line if line else "" for line in rest)]) + "\n"

    def convert_details(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Open for good: nothing is hidden behind a click."""
        return f"\n\n{text.strip()}\n\n"

    def convert_summary(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """The line that opened it, in bold."""
        return f"\n\n**{text.strip()}**\n\n" if text.strip() else ""


def _address(target: str) -> str:
    """An address as a link target of Markdown: no blanks, brackets balanced by escaping."""
    target = re.sub(r"\s", "%20", target.strip())
    return target.replace("(", "%28").replace(")", "%29").replace("<", "%3C").replace(">", "%3E")


def _language(pre: Any) -> str:
    """The language of a code block, by the class of the block or of what is inside."""
    inner = pre.find("code")
    classes = [*(pre.get("class") or ()), *((inner.get("class") or ()) if inner else ())]
    found = _LANGUAGE.search(" ".join(map(str, classes)))
    return found[1].lower() if found else ""
