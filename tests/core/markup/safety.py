"""A judge of HTML that shares nothing with the renderer: it parses as browsers do and has rules of its own."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib

_HTML = "{http://www.w3.org/1999/xhtml}"
_HARMLESS = set(
    re.findall(
        r"\w+",
        "DOCUMENT_FRAGMENT a abbr b blockquote br caption cite code dd del details dfn div dl dt em figcaption figure "
        "h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p pre q s samp small span strong sub summary sup table "
        "tbody td tfoot th thead tr u ul var",
    )
)
_ATTRIBUTES = set(
    re.findall(
        r"[\w-]+",
        "align alt aria-label aria-labelledby checked class colspan dir disabled height href id lang open rel role "
        "rowspan scope src start tabindex title type width",
    )
)


def dangers(html: str) -> list[str]:
    """What could run a script, fetch something foreign or clash with the page; empty when there is nothing."""
    tree = html5lib.parseFragment(html, treebuilder="etree")
    return [danger for element in tree.iter() for danger in _dangers_of(element)]


def text_of(html: str) -> str:
    """The words that a browser would show, in one line."""
    tree = html5lib.parseFragment(html, treebuilder="etree")
    for element in tree.iter():
        if element.tag in (f"{_HTML}script", f"{_HTML}style"):
            element.text = ""
    return " ".join("".join(tree.itertext()).split())


def _dangers_of(element: Element) -> Iterator[str]:
    name = str(element.tag).removeprefix(_HTML)
    if name not in _HARMLESS:
        yield f"<{name}>"
    for attribute, value in element.attrib.items():
        if attribute not in _ATTRIBUTES:
            yield f"<{name} {attribute}>"
        elif attribute == "href" and not _is_harmless_link(value):
            yield f"href {value!r}"
        elif attribute == "src" and not re.fullmatch(r"/media/[\w./~-]+", value):
            yield f"src {value!r}"
        elif attribute in ("id", "aria-labelledby") and not value.startswith("u-"):
            yield f"{attribute} {value!r}"
    if name == "input" and (element.get("type") != "checkbox" or "disabled" not in element.attrib):
        yield "a live <input>"


def _is_harmless_link(value: str) -> bool:
    """WHATWG URL: leading and trailing C0 and space go, tabs and newlines go anywhere, a backslash is a slash."""
    address = re.sub(r"[\t\r\n]", "", value.strip("".join(map(chr, range(0x21))))).replace("\\", "/")
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", address)
    if scheme:
        return scheme.group(1).lower() in ("http", "https", "mailto")
    return not address.startswith("//") and (not address.startswith("#") or address.startswith("#u-"))
