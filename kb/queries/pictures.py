"""Pictures in a text that say nothing to those who do not see them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_TICKS = re.compile("`+")
_PICTURE = re.compile(r"!\[\s*\]\(\s*<?([^\s)>]+)")
_TAG = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
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
        line = "".join(_outside_code(line))
        found += [BarePicture(number, picture[1]) for picture in _PICTURE.finditer(line)]
        bare = (tag[0] for tag in _TAG.finditer(line) if not _DESCRIBED.search(tag[0]))
        found += [BarePicture(number, source[1]) for tag in bare if (source := _SOURCE.search(tag))]
    return found


def _outside_code(line: str) -> Iterator[str]:
    """The pieces of a line between its code spans: each ends at the next run of as many backticks."""
    runs = list(_TICKS.finditer(line))
    places: dict[int, list[int]] = {}  # length of a run: where such runs are, the last first
    for place in range(len(runs) - 1, -1, -1):
        places.setdefault(len(runs[place][0]), []).append(place)
    at = end = 0
    while at < len(runs):
        later = places[len(runs[at][0])]
        while later and later[-1] <= at:
            later.pop()
        if later:
            yield line[end : runs[at].start()]
            at, end = later[-1], runs[later[-1]].end()
        at += 1
    yield line[end:]
