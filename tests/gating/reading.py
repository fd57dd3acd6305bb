"""What a result page says, read from its stable hooks."""

import re

HIT = re.compile(rb'data-kind="([^"]+)"[^>]*data-ref="([^"]+)"')
TOTAL = re.compile(rb'data-total="(\d+)"')


def hits(body: bytes) -> list[str]:
    """Slugs of the hits on this page, in order."""
    return [slug.decode() for _, slug in HIT.findall(body)]


def total(body: bytes) -> int | None:
    """The total of the result list; None when the page has none."""
    found = TOTAL.search(body)
    return int(found.group(1)) if found else None
