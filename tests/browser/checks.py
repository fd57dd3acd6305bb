"""What every page is asked: accessible, no wider than its window, light."""

import gzip
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING: dict[str, Any] = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
LOOKS: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast", "target-size"]}}
"""What changes with width and theme; the rest is the same markup."""
View = tuple[int, Any, dict[str, Any]]
VIEWS: tuple[View, ...] = (
    (1280, "light", EVERYTHING), (1280, "dark", LOOKS), (390, "light", EVERYTHING), (390, "dark", LOOKS),
)  # fmt: skip
CROSSED: tuple[View, ...] = ((1280, "light", EVERYTHING), (390, "dark", EVERYTHING))
"""Both widths and both themes in half the time, for every page in CI; VIEWS in the full counts."""
AGAIN: tuple[View, ...] = ((390, "light", EVERYTHING),)
"""For pages that were looked at in another language: the markup is the same, the words are longer."""
NARROWEST = 320
MAX_KB = 150


def axe_violations(page: Page, options: dict[str, Any]) -> list[str]:
    """One line a violation: rule, what it says, the first elements it names. AXE must be in the page."""
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{rule['id']}: {rule['help']}: " + "; ".join(node["html"][:160] for node in rule["nodes"][:3])
        for rule in found["violations"]
    ]


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def audit(page: Page, address: str, views: tuple[View, ...] = VIEWS) -> list[str]:
    """Run axe at these widths and themes, and measure the page at the narrowest; the open page is not reloaded."""
    problems = []
    page.evaluate(AXE)
    for width, theme, options in views:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        problems += [f"{address} at {width} {theme}: {line}" for line in axe_violations(page, options)]
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    if (wider := overflow(page)) > 0:
        problems.append(f"{address} is {wider} px wider than {NARROWEST} px")
    return problems


def compressed_size(bodies: list[bytes]) -> float:
    """Kilobytes of `bodies` as gzip sends them."""
    return sum(len(gzip.compress(body, 6)) for body in bodies) / 1000
