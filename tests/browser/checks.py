"""What every page is asked: accessible, no wider than its window, light."""

import gzip
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1280, 390)
THEMES: tuple[Any, ...] = ("light", "dark")
NARROWEST = 320
MAX_KB = 150


def axe_violations(page: Page) -> list[str]:
    """One line a violation: rule, what it says, the first elements it names."""
    response = AXE.run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response
    return [
        f"{found['id']}: {found['help']}: " + "; ".join(node["html"][:160] for node in found["nodes"][:3])
        for found in response["violations"]
    ]


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def audit(page: Page, address: str) -> list[str]:
    """Run axe at every width and theme, and measure the page at the narrowest; the open page is not reloaded."""
    problems = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            problems += [f"{address} at {width} {theme}: {line}" for line in axe_violations(page)]
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    if (wider := overflow(page)) > 0:
        problems.append(f"{address} is {wider} px wider than {NARROWEST} px")
    return problems


def compressed_size(bodies: list[bytes]) -> float:
    """Kilobytes of `bodies` as gzip sends them."""
    return sum(len(gzip.compress(body, 6)) for body in bodies) / 1000
