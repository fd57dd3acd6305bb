"""Pictures in a text that say nothing to those who do not see them."""

import re
from typing import NamedTuple

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_PICTURE = re.compile(r"!\[\s*\]\(\s*<?([^\s)>]+)")
_TAG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SOURCE = re.compile(r"\ssrc\s*=\s*[\"']?([^\s\"'>]+)", re.IGNORECASE)
_DESCRIBED = re.compile(r"\salt\s*=\s*(?:\"\s*[^\"\s]|'\s*[^'\s]|[^\s\"'>])", re.IGNORECASE)


class BarePicture(NamedTuple):
    """A picture without alternative text: its line in the Markdown (from 1) and its address."""

    line: int
    address: str


def pictures_without_alt(markdown: str) -> list[BarePicture]:
    """Pictures of a Markdown text that have no description, in order; what stands in code is no picture."""
    found: list[BarePicture] = []
    fence = ""
    for number, line in enumerate(markdown.splitlines(), start=1):
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
            continue
        if fence or line.startswith(("    ", "\t")):
            continue
        line = _CODE.sub("", line)
        found += [BarePicture(number, picture[1]) for picture in _PICTURE.finditer(line)]
        bare = (tag[0] for tag in _TAG.finditer(line) if not _DESCRIBED.search(tag[0]))
        found += [BarePicture(number, source[1]) for tag in bare if (source := _SOURCE.search(tag))]
    return found
