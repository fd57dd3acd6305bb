"""Making a foreign text at home: links between articles, fragments and images that did not come along, headings."""

import posixpath
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

# Code stays as it is: fenced blocks, then spans of one line.
_CODE = re.compile(
    r"(^[ \t>]*(`{3,}|~{3,}).*?(?:^[ \t>]*\2[`~]*[ \t]*$|\Z)|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\3(?!`))", re.M | re.S
)
_TEXT = r"(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*\])*"
_TARGET = r"(?:<[^<>\n]*>|(?:[^\s()\\]|\\.|\((?:[^\s()])*\))*)"
_TITLE = r"(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?"
_LINK = re.compile(rf"(!?)\[({_TEXT})\]\(\s*({_TARGET}){_TITLE}\s*\)")
_DEFINITION = re.compile(r"^( {0,3}\[([^\]\n^]+)\]:[ \t]*)(<[^<>\n]*>|\S+)([^\n]*)$", re.M)
_INCLUDE = re.compile(r"(^[ \t>]*)?\[!INCLUDE[ \t]*\[([^\]\n]*)\]\(([^)\n]*)\)[ \t]*\]([ \t]*$)?", re.M | re.I)
_IMAGE_BLOCK = re.compile(r":::image\b([^\n]*?):::(?:\s*\n?\s*:::image-end:::)?", re.I)
_NO_LOC = re.compile(r":::no-loc\b([^\n]*?):::", re.I)
_VIDEO = re.compile(r"\[!VIDEO[ \t]+(\S+?)\]", re.I)
_HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.I)
_ATTRIBUTE = re.compile(r"([a-z-]+)[ \t]*=[ \t]*\"([^\"]*)\"", re.I)
_HEADING = re.compile(r"\A(\s*)(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*(?:\n|\Z)")
_ANOTHER_H1 = re.compile(r"^#[ \t]+\S", re.M)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)


@dataclass(frozen=True)
class Around:
    """What lies around a text. `article`: the slug here of an article's path without ending. `file`: the mark of a
    file beside the text, by its path and the words that stand for it. None where there is nothing."""

    article: Callable[[str], str | None]
    file: Callable[[str, str], str | None] = lambda path, words: None


@dataclass
class Changes:
    """What was changed, for the report."""

    linked: int = 0
    files: int = 0
    plain: int = 0
    includes: Counter[str] = field(default_factory=Counter)
    images: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Changes") -> None:
        """Sum up."""
        self.linked += other.linked
        self.files += other.files
        self.plain += other.plain
        self.includes.update(other.includes)
        self.images.update(other.images)


def rewrite(markdown: str, title: str, around: Around) -> tuple[str, Changes]:
    """The text as it is stored, and what was changed. Code is left alone."""
    changes = Changes()
    return _first_heading(outside_code(markdown, lambda text: _prose(text, around, changes)), title), changes


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """The text with `change` applied to what is not code."""
    parts, end = [], 0
    for code in _CODE.finditer(markdown):
        parts += [change(markdown[end : code.start()]), code[0]]
        end = code.end()
    parts.append(change(markdown[end:]))
    return "".join(parts)


def _prose(text: str, around: Around, changes: Changes) -> str:
    if "[!" in text:
        text = _INCLUDE.sub(lambda found: _include(found, changes), text)
        text = _VIDEO.sub(r"<\1>", text)
    if ":::" in text:
        text = _IMAGE_BLOCK.sub(lambda found: _image(dict(_ATTRIBUTE.findall(found[1])), around, changes), text)
        text = _NO_LOC.sub(lambda found: dict(_ATTRIBUTE.findall(found[1])).get("text", ""), text)
    if "<img" in text.lower():
        text = _HTML_IMAGE.sub(lambda found: _image(dict(_ATTRIBUTE.findall(found[0])), around, changes), text)
    if "](" in text:
        text = _LINK.sub(lambda found: _image_link(found, around, changes), text)
        text = _LINK.sub(lambda found: _link(found, around, changes), text)
    if "]:" in text:
        text = _DEFINITION.sub(lambda found: _definition(found, around, changes), text)
    return text


def _include(found: re.Match[str], changes: Changes) -> str:
    """A fragment becomes its label, or nothing if it stands alone and the label only repeats the file's name."""
    before, label, path, after = found[1], found[2].strip(), found[3], found[4]
    changes.includes[posixpath.basename(path)] += 1
    name = re.sub(r"[^a-z0-9]", "", posixpath.splitext(posixpath.basename(path))[0].lower())
    alone = before is not None and after is not None
    if alone and re.sub(r"[^a-z0-9]", "", label.lower()) == name:
        return before
    return f"{before or ''}{label}{after or ''}"


def _image(attributes: dict[str, str], around: Around, changes: Changes) -> str:
    names = {name.lower(): value for name, value in attributes.items()}
    source = names.get("source") or names.get("src") or ""
    words = names.get("alt-text") or names.get("alt") or ""
    if mark := _beside(source, words, around, changes):
        return f"![{words}]({mark})"
    changes.images[posixpath.basename(source)] += 1
    return words


def _image_link(found: re.Match[str], around: Around, changes: Changes) -> str:
    """An image that lies beside the text comes along; another becomes its alternative text: pages make no foreign
    requests."""
    bang, label, target = found[1], found[2], found[3].strip("<>")
    if not bang:
        inner = _LINK.sub(lambda image: _image_link(image, around, changes), label) if "![" in label else label
        return found[0] if inner == label else found[0].replace(label, inner or "…", 1)
    if mark := _beside(target, label, around, changes):
        return f"![{label}]({mark})"
    changes.images[posixpath.basename(target)] += 1
    return label


def _beside(target: str, words: str, around: Around, changes: Changes) -> str | None:
    """The mark of the file that a picture or a link means."""
    if not _is_relative(target):
        return None
    path = unquote(target.partition("#")[0].partition("?")[0]).replace("\\", "/")
    if mark := around.file(path, words):
        changes.files += 1
    return mark


def _link(found: re.Match[str], around: Around, changes: Changes) -> str:
    if found[1] or not _is_relative(target := found[3].strip("<>")):
        return found[0]
    if (address := _address(target, around.article)) is None:
        if mark := _beside(target, found[2], around, changes):
            return f"[{found[2]}]({mark})"
        changes.plain += 1
        return found[2]
    changes.linked += 1
    return f"[{found[2]}]({address})"


def _definition(found: re.Match[str], around: Around, changes: Changes) -> str:
    """`[name]: other.md`: without a target the definition goes, and Markdown leaves the words."""
    target = found[3].strip("<>")
    if not _is_relative(target) or found[2].startswith(("^", "!")):
        return found[0]
    address = _address(target, around.article) or _beside(target, found[2], around, changes)
    if address is None:
        changes.plain += 1
        return ""
    changes.linked += 1
    return f"{found[1]}{address}{found[4]}"


def _is_relative(target: str) -> bool:
    return bool(target) and not target.startswith(("#", "//", "/kb/", "/media/")) and not _SCHEME.match(target)


def _address(target: str, resolve: Callable[[str], str | None]) -> str | None:
    path, _, anchor = target.partition("#")
    path = unquote(path.partition("?")[0]).replace("\\", "/")
    stem, ending = posixpath.splitext(path)
    if ending.lower() in (".md", ".markdown", ".yml", ".html"):
        path = stem
    slug = resolve(path)
    if slug is None:
        return None
    return f"/kb/{slug}#u-{anchor}" if re.fullmatch(r"[\w-]+", anchor) else f"/kb/{slug}"


def _first_heading(text: str, title: str) -> str:
    """Drop a first heading that repeats the title; a single different one steps down beside the others."""
    found = _HEADING.match(text)
    if found is None:
        return text
    if _folded(found[3]) == _folded(title):
        return text[found.end() :].lstrip("\n")
    rest = text[found.end() :]
    if found[2] == "#" and not _ANOTHER_H1.search(_CODE.sub("", rest)):
        return f"## {found[3]}\n{rest}"
    return text


def _folded(heading: str) -> str:
    return " ".join(re.sub(r"[*_`\\]", "", heading).casefold().split())
