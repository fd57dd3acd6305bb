"""What may stand in rendered HTML: the explicit list, and how addresses are judged.

The first cleaning takes what authors may write; the final one, the last thing that touches the HTML, also takes what
rendering itself adds (regions around tables, keyboard focus, labels of check boxes).
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from pygments.token import STANDARD_TYPES

from sportello.core.markup.words import KINDS

_TAG_NAMES = (
    "a abbr b blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr "
    "i img input ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr "
    "u ul var"
)
TAGS = frozenset(_TAG_NAMES.split())
_DROPPED_WHOLE = {"script", "style", "svg", "math", "template"}
_CELL = {"align", "colspan", "rowspan"}
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"id", "lang", "dir"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "details": {"open"},
    "img": {"src", "alt", "title", "width", "height"},
    "input": {"checked"},
    "ol": {"start"},
    "td": _CELL,
    "th": {*_CELL, "scope"},
}
_ADDED = {
    "a": {"aria-label"},
    "div": {"aria-label", "aria-labelledby"},
    "input": {"aria-label", "disabled"},
}
_CLASSES: dict[str, set[str]] = {
    "a": {"footnote-ref", "footnote-backref"},
    "div": {"highlight", "admonition", "footnote", *KINDS},
    "details": {*KINDS},
    "li": {"task-list-item"},
    "p": {"admonition-title"},
    "span": {short for short in STANDARD_TYPES.values() if short},
    "ul": {"task-list"},
}
_VALUES = {
    "align": re.compile(r"left|center|right", re.I),
    "dir": re.compile(r"ltr|rtl|auto", re.I),
    "scope": re.compile(r"col|row|colgroup|rowgroup", re.I),
    "lang": re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*"),
    "colspan": re.compile(r"\d{1,3}"),
    "rowspan": re.compile(r"\d{1,3}"),
    "start": re.compile(r"\d{1,9}"),
    "width": re.compile(r"\d{1,4}"),
    "height": re.compile(r"\d{1,4}"),
}
_SCHEMES = {"http", "https", "mailto"}
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_MEDIA = re.compile(r"/(?:media|kb/files)(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_NOT_IN_URL = re.compile(r"[\t\n\r]")
_C0_OR_SPACE = "".join(map(chr, range(0x21)))

Filter = Callable[[str, str, str], str | None]


def link_address(value: str, prefix: str) -> str | None:
    """The address of a link as browsers read it (WHATWG URL), or None if it may not stand.

    http, https, mailto and relative addresses stay; `//host` is spelt out as https; a fragment gets `prefix`.
    """
    address = _NOT_IN_URL.sub("", value.strip(_C0_OR_SPACE))
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in address):
        return None
    if address.startswith("#"):
        name = unquote(address[1:]).strip()
        return "#" + _prefixed(name, prefix) if name else None
    if scheme := _SCHEME.match(address):
        return address if scheme.group(1).lower() in _SCHEMES else None
    head, mark, tail = re.split(r"([?#]|$)", address, maxsplit=1)
    head = head.replace("\\", "/")
    if ":" in head.split("/", 1)[0]:
        return None  # neither a scheme nor a path that a browser would take for one
    if head.startswith("//"):
        return f"https://{head.lstrip('/')}{mark}{tail}"
    return f"{head}{mark}{tail}" or None


def image_address(value: str) -> str | None:
    """A path under /media/ or /kb/files/ of this site, or None: pages make no foreign request."""
    return value if _MEDIA.fullmatch(value) else None


def _prefixed(name: str, prefix: str) -> str:
    return name if name.startswith(prefix) else prefix + name


def _attribute_filter(prefix: str) -> Filter:
    def judge(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "href":
            return link_address(value, prefix)
        if attribute == "src":
            return image_address(value)
        if attribute == "id":
            return None if not value.strip() or re.search(r"\s", value) else _prefixed(value, prefix)
        pattern = _VALUES.get(attribute)
        return value if pattern is None or pattern.fullmatch(value) else None

    def never_raising(tag: str, attribute: str, value: str) -> str | None:
        try:
            return judge(tag, attribute, value)
        except BaseException:  # nh3 would keep the attribute
            return None

    return never_raising


def _final_filter(tag: str, attribute: str, value: str) -> str | None:
    if attribute in ("id", "aria-labelledby"):
        return value if value.startswith("u-") else None
    if attribute == "href" and value.startswith("#"):
        return value if value.startswith("#u-") else None
    return value


def _policy(attributes: dict[str, set[str]], judge: Filter, **more: Any) -> dict[str, Any]:
    return {
        "tags": set(TAGS),
        "clean_content_tags": _DROPPED_WHOLE,
        "attributes": attributes,
        "attribute_filter": judge,
        "url_schemes": _SCHEMES,
        "link_rel": None,
        "generic_attribute_prefixes": set(),
        **more,
    }


def first_policy(prefix: str) -> dict[str, Any]:
    """Arguments of nh3.clean for what an author wrote; ids and in-page links get `prefix`."""
    only_check_boxes = {"input": {"type": {"checkbox"}}}
    return _policy(
        _ATTRIBUTES, _attribute_filter(prefix), allowed_classes=_CLASSES, tag_attribute_values=only_check_boxes
    )


FINAL = _policy(
    {tag: _ATTRIBUTES.get(tag, set()) | _ADDED.get(tag, set()) for tag in (*_ATTRIBUTES, *_ADDED)},
    _final_filter,
    allowed_classes={**_CLASSES, "div": {*_CLASSES["div"], "tablewrap"}},
    tag_attribute_values={
        "a": {"rel": {"noopener nofollow"}},
        "div": {"role": {"region", "group"}, "tabindex": {"0"}},
        "input": {"type": {"checkbox"}},
        "pre": {"tabindex": {"0"}},
    },
)
